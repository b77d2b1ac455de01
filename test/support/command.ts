import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { COMMAND } from '../../sandbox/worker-process.js';
import { type CommandResult, startWarmCommand } from './warm-process.js';

export type { CommandResult } from './warm-process.js';

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

/**
 * Runs `aplos-upload` without a terminal, in a process that runs several commands. Use {@link runCommand} for what only a
 * process of its own shows: that it ends, its signals, and variables that Node.js reads when it starts.
 *
 * @param cwd working folder. Default: that of this process
 */
export function runWarmCommand(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd: string = process.cwd(),
): Promise<CommandResult> {
  return startWarmCommand(args, env, cwd, (text) => process.stderr.write(text)).result;
}
