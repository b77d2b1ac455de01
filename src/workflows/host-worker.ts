import { ApplicationFailure, CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import { hostTaskQueue } from '../contract/names.js';
import type { FailureDetails } from '../contract/steps.js';
import { lookForWorker } from './activities.js';
import { hasTimedOut } from './failures.js';
import type { RunVisibility } from './visibility.js';

/** Until it looks again for a worker: at first, and at the most. A history has room for seven days of it. */
const FIRST_PAUSE_MS = 30_000;
const GROWTH = 1.5;
const LONGEST_PAUSE_MS = 30 * 60_000;

/**
 * Has a step done where the file is. Where that is one host, its worker does it as soon as it is there; until then
 * the story tells what is waited for.
 *
 * @param host the host that has the file; `undefined`: any worker
 * @param step given what is to be added to its options
 */
export async function onFileHost<Result>(
  host: string | undefined,
  story: RunVisibility,
  step: (where: { taskQueue?: string }) => Promise<Result>,
): Promise<Result> {
  if (host === undefined) return step({});
  const watch = new CancellationScope();
  watch
    .run(() => keepLookingFor(host, story))
    .catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
  try {
    return await step({ taskQueue: hostTaskQueue(host) });
  } catch (error) {
    throw story.progress.missingHost !== undefined && hasTimedOut(error)
      ? hostWithoutWorker(host, story.fileName, error)
      : error;
  } finally {
    watch.cancel();
    story.hostIsServed();
  }
}

async function keepLookingFor(host: string, story: RunVisibility): Promise<void> {
  const options = { summary: `until the next look for a worker on ${host}` };
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(GROWTH * pauseMs, LONGEST_PAUSE_MS)) {
    if ((await isServed(host)) !== false) story.hostIsServed();
    else story.hostIsMissing(host, new Date(Date.now() + pauseMs));
    await sleep(pauseMs, options);
  }
}

/** `undefined` where Temporal does not tell. */
async function isServed(host: string): Promise<boolean | undefined> {
  try {
    return await lookForWorker({ host });
  } catch (error) {
    if (isCancellation(error)) throw error;
    return undefined;
  }
}

const hostWithoutWorker = (host: string, fileName: string, cause: unknown) =>
  ApplicationFailure.create({
    type: 'HOST_WITHOUT_WORKER',
    message: `${fileName} is on the host ${host}, and no worker there took it in all the time it was given. Start one with APLOS_UPLOAD_HOST=${host}; then replay.`,
    nonRetryable: true,
    details: [{ code: 'HOST_WITHOUT_WORKER', remedy: 'final' } satisfies FailureDetails],
    ...(cause instanceof Error ? { cause } : {}),
  });
