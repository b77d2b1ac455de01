import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWithThisProcess } from './watchdog.js';

/** A server in its own process. */
export interface ServerProcess {
  /** ID of the current or last process. */
  readonly pid: number;
  /** Stops the server and removes its temporary files. Safe to call twice. */
  stop(): Promise<void>;
  /**
   * Sends a signal, by default `SIGKILL`, and waits until the process exits, except for `SIGSTOP` and `SIGCONT`. The data is
   * kept for {@link ServerProcess.restart}.
   */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Restarts a killed server with the same ports and data. */
  restart(): Promise<void>;
}

/** How to run a server. */
export interface ServerCommand {
  /** Name for messages, e.g. `SeaweedFS`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** File for stdout and stderr. */
  readonly logFile: string;
  /** Reports whether the server is ready. Called until it returns true. Throwing means false. */
  readonly ready: () => Promise<boolean>;
  /** Files and folders to remove at the end, even if this process is killed. */
  readonly leftovers: readonly string[];
  /** Signal that `stop` sends; `SIGKILL` if the data is not kept. */
  readonly stopSignal: NodeJS.Signals;
}

/** Another process took the port before the server could use it. */
export class PortTakenError extends Error {}

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 10_000;

/**
 * Starts a server and waits until it is ready. It runs in its own process group, so that Ctrl-C in the terminal reaches only
 * this process. A watchdog kills it when this process ends for any reason.
 *
 * @throws {@link PortTakenError}, or Error with the end of its log if it does not start
 */
export async function startServer(command: ServerCommand): Promise<ServerProcess> {
  let child = await run(command);
  let stopping: Promise<void> | undefined;
  return {
    get pid() {
      return child.pid ?? 0;
    },
    async kill(signal = 'SIGKILL') {
      sendToGroup(child, signal);
      if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await ended(child);
    },
    async restart() {
      await ended(child);
      child = await run(command);
    },
    stop() {
      stopping ??= end(child, command.stopSignal).then(() => remove(command.leftovers));
      return stopping;
    },
  };
}

/** Creates a folder for a server's log, sockets and temporary data. */
export const temporaryFolder = (name: string): Promise<string> =>
  mkdtemp(join(tmpdir(), `aplos-sandbox-${name}-`));

/** Retries with other ports if one was taken. */
export async function withFreshPorts<Result>(start: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof PortTakenError) || attempt === 3) throw error;
    }
  }
}

async function run(command: ServerCommand): Promise<ChildProcess> {
  const log = openSync(command.logFile, 'a');
  const child = spawn(command.command, command.args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, ...command.env },
  });
  closeSync(log);
  let failed: Error | undefined;
  child.on('error', (error) => {
    failed = error;
  });
  child.unref();
  endWithThisProcess(child, command.leftovers);

  const giveUpAt = Date.now() + READY_WITHIN_MS;
  while (!(await command.ready().catch(() => false))) {
    if (failed || hasEnded(child) || Date.now() > giveUpAt) {
      await end(child, 'SIGKILL');
      const tail = (await readFile(command.logFile, 'utf8')).trim().split('\n').slice(-15).join('\n');
      const message = `${command.name} did not start${failed ? `: ${failed.message}` : ''}. The end of its log:\n${tail}`;
      await remove(command.leftovers);
      throw /address already in use|is not available on/i.test(tail)
        ? new PortTakenError(message)
        : new Error(message);
    }
    await sleep(50);
  }
  return child;
}

const hasEnded = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null;

function ended(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return Promise.resolve();
  child.ref();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  sendToGroup(child, signal);
  const tooLate = setTimeout(() => sendToGroup(child, 'SIGKILL'), STOP_WITHIN_MS);
  await ended(child);
  clearTimeout(tooLate);
}

function sendToGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (hasEnded(child) || child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has just exited.
  }
}

const remove = async (paths: readonly string[]): Promise<void> => {
  await Promise.all(paths.map((path) => rm(path, { recursive: true, force: true })));
};
