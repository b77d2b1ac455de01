import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endWithThisProcess } from './servers/watchdog.js';

const isBuilt = import.meta.url.endsWith('/dist/sandbox/worker-process.js');

/** Path of the built `aplos-upload` command. */
export const COMMAND = fileURLToPath(new URL(isBuilt ? '../cli.js' : '../dist/cli.js', import.meta.url));

/** A worker in its own process, started as a user starts it. */
export interface WorkerProcess {
  readonly child: ChildProcess;
  /** Lets the worker drain, and waits until it exits. */
  stop(): Promise<void>;
}

/**
 * The log of a worker until it polls. The rest is not kept, because a log that is searched to its end takes more time with
 * each upload.
 */
export class StartLog {
  text = '';
  #polls = false;

  /** Adds a part of the log, and returns true once the worker polls. */
  add(part: string): boolean {
    if (this.#polls) return true;
    this.text += part;
    this.#polls = this.text.includes('Worker state changed') && this.text.includes('RUNNING');
    return this.#polls;
  }
}

/**
 * Starts `aplos-upload worker` and waits until it polls. It runs in its own process group, so that Ctrl-C in the terminal
 * reaches only this process. It is killed when this process ends for any reason.
 *
 * @param env variables to add to the environment of this process
 * @param onLog called with each chunk of the log. Default: prints warnings and errors to stderr
 * @param options working folder, command, arguments, and files and folders to remove when this process ends. Default: those of this
 *   process, of the build, and none
 * @throws Error with the worker's log if it does not start
 */
export async function startWorker(
  env: NodeJS.ProcessEnv,
  onLog?: (text: string) => void,
  {
    cwd,
    command = COMMAND,
    args = [],
    leftovers = [],
  }: Pick<SpawnOptions, 'cwd'> & {
    readonly command?: string;
    readonly args?: readonly string[];
    readonly leftovers?: readonly string[];
  } = {},
): Promise<WorkerProcess> {
  const child = spawn(process.execPath, [command, 'worker', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    cwd,
  });
  endWithThisProcess(child, leftovers);

  const log = new StartLog();
  const running = new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      onLog?.(text);
      if (!onLog && /"level":"(warn|error)"/.test(text)) process.stderr.write(text);
      if (log.add(text)) resolve();
    });
    child.once('exit', (code) => reject(new Error(`The worker exited with code ${code}: ${log.text}`)));
  });
  await running;
  return {
    child,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    },
  };
}
