import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWithThisProcess } from './watchdog.js';

/** A server in a process of its own. */
export interface ServerProcess {
  /** The id of the process that runs now, or ran last. */
  readonly pid: number;
  /** Ends the server and removes what it left behind. Safe to call twice. */
  stop(): Promise<void>;
  /**
   * Sends a signal, `SIGKILL` unless told otherwise, and waits for the end of the process (for `SIGSTOP` and `SIGCONT`
   * it does not wait). Data stays, so that {@link ServerProcess.restart} can go on with it.
   */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts a server that was killed once more, on the same ports and the same data. */
  restart(): Promise<void>;
}

/** What to run. */
export interface ServerCommand {
  /** For messages, e.g. `SeaweedFS`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Where stdout and stderr go. */
  readonly logFile: string;
  /** Whether the server serves; asked again until it is true. May throw, which means no. */
  readonly ready: () => Promise<boolean>;
  /** Removed at the end, however this process ends. */
  readonly leftovers: readonly string[];
  /** How `stop` ends it; `SIGKILL` where its data is not kept. */
  readonly stopSignal: NodeJS.Signals;
}

/** The port was taken by somebody else between choosing and using it. */
export class PortTakenError extends Error {}

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 10_000;

/**
 * Starts a server and waits until it serves. It runs in a process group of its own, so that Ctrl-C in the terminal ends
 * it only when this process says so, and a watchdog ends it when this process is gone, by whatever means.
 *
 * @throws {@link PortTakenError}, or Error with the end of its log when it does not come up
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

/** A new folder for one server: its log, its sockets, and its data unless that is kept elsewhere. */
export const temporaryFolder = (name: string): Promise<string> =>
  mkdtemp(join(tmpdir(), `aplos-sandbox-${name}-`));

/** Tries again with other ports where one was taken in between. */
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
    // It ended a moment ago.
  }
}

const remove = async (paths: readonly string[]): Promise<void> => {
  await Promise.all(paths.map((path) => rm(path, { recursive: true, force: true })));
};
