import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import { hostTaskQueue } from '../contract/names.js';
import type { FileRequest } from '../contract/steps.js';
import { shellWord } from '../util/shell-word.js';
import { lookForWorker, summaries } from './activities.js';
import { finalFailure, hasTimedOut } from './failures.js';

/** Pauses between checks for a worker: the first, their growth, and the longest. Seven days of checks fit into a history. */
const FIRST_PAUSE_MS = 30_000;
const PAUSE_GROWTH = 1.5;
const MAX_PAUSE_MS = 30 * 60_000;

/** Shows that no worker serves a host. */
export interface HostVisibility {
  readonly progress: { readonly missingHost?: string | undefined };
  /** Called after each check that finds no worker. */
  hostHasNoWorker(host: string, nextCheck: Date): void;
  /** Clears what {@link hostHasNoWorker} shows. */
  hostHasWorker(): void;
}

/** Runs a step on a host. The argument of the step has to be added to the options of the activity. */
type RunOnHost = <Result>(step: (queue: { taskQueue?: string }) => Promise<Result>) => Promise<Result>;

/**
 * Runs a step that reads the file: on the workers of the host that has it, or on any worker if the request names no host. While
 * the host has no worker, the step waits and the visibility of the run says so.
 *
 * @param step runs the step; its argument has to be added to the options of the activity
 */
export const onFileHost = <Result>(
  request: Pick<FileRequest, 'host' | 'fileName'>,
  visibility: HostVisibility,
  step: (queue: { taskQueue?: string }) => Promise<Result>,
): Promise<Result> => sharedFileHost(request, visibility)(step);

/**
 * Returns a function that runs steps like {@link onFileHost}, any number side by side. They share the checks for a worker, so that
 * many of them fit into a history.
 *
 * @param what what is on the host, for the message of a step that timed out. Default: the file
 */
export function sharedFileHost(
  { host, fileName }: { readonly host?: string | undefined; readonly fileName: string },
  visibility: HostVisibility,
  what = `${fileName} is on`,
): RunOnHost {
  if (host === undefined) return (step) => step({});
  let running = 0;
  let checks = new CancellationScope();
  return async (step) => {
    if (running++ === 0) {
      checks = new CancellationScope();
      checks
        .run(() => checkForWorker(host, visibility))
        .catch((error: unknown) => {
          if (!isCancellation(error)) throw error;
        });
    }
    try {
      return await step({ taskQueue: hostTaskQueue(host) });
    } catch (error) {
      throw visibility.progress.missingHost !== undefined && hasTimedOut(error)
        ? hostWithoutWorker(host, what, error)
        : error;
    } finally {
      if (--running === 0) {
        checks.cancel();
        visibility.hostHasWorker();
      }
    }
  };
}

/** Checks for a worker on the host until it is cancelled, at growing intervals. */
async function checkForWorker(host: string, visibility: HostVisibility): Promise<void> {
  const options = { summary: summaries.nextWorkerCheck(host) };
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(PAUSE_GROWTH * pauseMs, MAX_PAUSE_MS)) {
    if ((await hasWorker(host)) !== false) visibility.hostHasWorker();
    else visibility.hostHasNoWorker(host, new Date(Date.now() + pauseMs));
    await sleep(pauseMs, options);
  }
}

/** Asks Temporal whether the host has a worker. Returns `undefined` if Temporal cannot tell. */
async function hasWorker(host: string): Promise<boolean | undefined> {
  try {
    return await lookForWorker({ host });
  } catch (error) {
    if (isCancellation(error)) throw error;
    return undefined;
  }
}

const hostWithoutWorker = (host: string, what: string, cause: unknown) =>
  finalFailure(
    'HOST_WITHOUT_WORKER',
    `${what} the host ${host}, and no worker started there within seven days. Start one there, with APLOS_UPLOAD_HOST=${shellWord(host)}. Then replay the upload.`,
    cause,
  );
