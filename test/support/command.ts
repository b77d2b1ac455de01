import { type ChildProcess, fork, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { COMMAND } from '../../sandbox/worker-process.js';

const HOST = fileURLToPath(new URL('command-host.mjs', import.meta.url));

/** Result of a command. */
export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `aplos-upload` in its own process, without a terminal, and waits for the end. */
export async function runCommand(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  options: Pick<SpawnOptions, 'cwd' | 'uid' | 'gid'> = {},
): Promise<CommandResult> {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    ...options,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, stdout, stderr };
}

/** Parses what a command prints with `--json`: a value on each line, and no empty lines between them. */
export function jsonLines<Value>(text: string): Value[] {
  const lines = text.trim();
  return lines === '' ? [] : lines.split('\n').map((line) => JSON.parse(line) as Value);
}

/** Processes that wait for a command. */
const idleHosts: ChildProcess[] = [];

/**
 * Runs `aplos-upload` without a terminal, in a process that has run other commands before: starting Node.js and loading
 * Temporal's client takes longer than most commands. Use {@link runCommand} for what only a process of its own shows:
 * that it ends, its signals, and variables that Node.js reads when it starts.
 *
 * @param cwd working folder. Default: that of this process
 */
export async function runWarmCommand(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd: string = process.cwd(),
): Promise<CommandResult> {
  const host = idleHosts.pop() ?? startHost();
  host.channel?.ref();
  const result = new Promise<CommandResult>((resolve, reject) => {
    const onExit = (code: number | null) =>
      reject(new Error(`aplos-upload ${args.join(' ')} ended its process with code ${code}`));
    host.once('exit', onExit);
    host.once('message', (message) => {
      host.off('exit', onExit);
      resolve(message as CommandResult);
    });
  });
  host.send({ args, env: { ...process.env, ...env }, cwd });
  const { exitCode, stdout, stderr } = await result;
  host.channel?.unref();
  idleHosts.push(host);
  return { exitCode, stdout, stderr };
}

function startHost(): ChildProcess {
  const host = fork(HOST, { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  host.unref();
  return host;
}
