import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('warm-process.mjs', import.meta.url));

/** Result of a command. */
export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs in a process which runs others before and after it. */
export interface WarmCommand {
  readonly result: Promise<CommandResult>;
  /** Calls the command's listeners for a signal, unless it has ended. */
  signal(signal: NodeJS.Signals): void;
  /** Ends the process of the command, unless the command has ended. */
  kill(): void;
}

interface WarmProcess {
  readonly child: ChildProcess;
  onLog: (text: string) => void;
}

/** Processes that wait for a command. */
const idle: WarmProcess[] = [];

/**
 * Runs `aplos-upload` without a terminal, in a process that has run other commands before: starting Node.js and loading
 * Temporal's SDK takes longer than most commands.
 *
 * @param onLog called with what is written to the process's stderr by others than `process.stderr`: the log of a worker
 */
export function startWarmCommand(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd: string,
  onLog: (text: string) => void,
): WarmCommand {
  const warm = idle.pop() ?? startWarmProcess();
  const { child } = warm;
  warm.onLog = onLog;
  child.channel?.ref();
  let isRunning = true;
  const result = new Promise<CommandResult>((resolve, reject) => {
    const onExit = (code: number | null) => {
      isRunning = false;
      reject(new Error(`aplos-upload ${args.join(' ')} ended its process with code ${code}`));
    };
    child.once('exit', onExit);
    child.once('message', (message) => {
      isRunning = false;
      child.off('exit', onExit);
      child.channel?.unref();
      if (!child.killed) idle.push(warm);
      resolve(message as CommandResult);
    });
  });
  child.send({ args, env: { ...process.env, ...env }, cwd });
  return {
    result,
    signal: (signal) => {
      if (isRunning && child.connected) child.send({ signal });
    },
    kill: () => {
      if (isRunning) child.kill('SIGKILL');
    },
  };
}

function startWarmProcess(): WarmProcess {
  const child = fork(SCRIPT, { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const warm = { child, onLog: (_text: string) => {} };
  child.stderr?.setEncoding('utf8').on('data', (text: string) => warm.onLog(text));
  child.unref();
  return warm;
}
