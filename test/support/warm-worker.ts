import { StartLog } from '../../sandbox/worker-process.js';
import { startWarmCommand } from './warm-process.js';

/** A worker that polls. */
export interface RunningWorker {
  /** Lets the worker drain, and waits until it has ended. Temporal then knows that it is gone. */
  stop(): Promise<void>;
  /** Lets the worker drain for a moment, then ends it, for the end of a test. */
  end(): Promise<void>;
}

/** Time in which an idle worker drains, with much to spare. */
const DRAIN_MS = 3_000;

/**
 * Starts `aplos-upload worker` in a process that has run other commands before, and waits until it polls.
 *
 * @throws Error with the worker's log if it does not start
 */
export async function startWarmWorker(
  env: NodeJS.ProcessEnv,
  cwd: string,
  onLog: (text: string) => void,
): Promise<RunningWorker> {
  const log = new StartLog();
  let onPoll: (() => void) | undefined;
  const polls = new Promise<void>((resolve) => {
    onPoll = resolve;
  });
  const worker = startWarmCommand(['worker'], env, cwd, (text) => {
    onLog(text);
    if (log.add(text)) onPoll?.();
  });
  const end = worker.result.then(
    ({ exitCode, stderr }) => `The worker ended with code ${exitCode}: ${stderr}${log.text}`,
    (error: Error) => `${error.message}: ${log.text}`,
  );
  const failed = end.then((text) => {
    throw new Error(text);
  });
  await Promise.race([polls, failed]);
  return {
    stop: async () => {
      worker.signal('SIGTERM');
      await end;
    },
    end: async () => {
      worker.signal('SIGTERM');
      const timer = setTimeout(worker.kill, DRAIN_MS);
      await end;
      clearTimeout(timer);
    },
  };
}
