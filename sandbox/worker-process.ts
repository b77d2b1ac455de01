import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endWithThisProcess } from './servers/watchdog.js';

/** The `aplos-upload` command, as the build makes it. */
export const COMMAND = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

/** A worker in a process of its own, started as a user starts it. */
export interface WorkerProcess {
  readonly child: ChildProcess;
  /** Asks it to drain, and waits for its end. */
  stop(): Promise<void>;
}

/**
 * Starts `aplos-upload worker` and waits until it polls. It runs in a process group of its own, so that Ctrl-C
 * in the terminal ends it only when this process says so; it ends when this process
 * does, by whatever means.
 *
 * @param env the environment to add to this process's own
 * @param onLog takes each piece of its log; default: warnings and errors go to stderr
 * @param options its working folder, default: this process's own; the command to run, default: as the build makes it
 * @throws Error with its log when it does not start
 */
export async function startWorker(
  env: NodeJS.ProcessEnv,
  onLog?: (text: string) => void,
  { cwd, command = COMMAND }: Pick<SpawnOptions, 'cwd'> & { readonly command?: string } = {},
): Promise<WorkerProcess> {
  const child = spawn(process.execPath, [command, 'worker'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    cwd,
  });
  endWithThisProcess(child);

  let log = '';
  const running = new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      onLog?.(text);
      if (!onLog && /"level":"(warn|error)"/.test(text)) process.stderr.write(text);
      if (log.includes('Worker state changed') && log.includes('RUNNING')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`The worker ended with ${code}: ${log}`)));
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
