import { setTimeout as sleep } from 'node:timers/promises';
import type { UploadClient, UploadHandle, UploadStatus } from '../../client.js';
import { hostTaskQueue, TASK_QUEUE } from '../../contract/names.js';
import { shellWord } from '../../util/shell-word.js';
import { increment } from '../../util/tally.js';
import { count } from '../../util/units.js';
import type { Notices } from './notices.js';

/** Interval of the reports that no worker is running, in milliseconds. */
const REPEAT_MS = 60_000;
/** Interval of the checks, in milliseconds. */
const CHECK_MS = 5_000;

/** Returns the sentences that say that a host has no worker, and how to start one. */
export const missingHostWorkerText = (host: string): string =>
  `No worker on ${host} polls the task queue ${hostTaskQueue(host)}. Start a worker there: APLOS_UPLOAD_HOST=${shellWord(host)} aplos-upload worker`;

/** Returns the sentences that say that an upload has no worker, and how to start one. */
export const missingWorkerText = ({ pinnedTo }: Pick<UploadStatus, 'pinnedTo'>): string =>
  pinnedTo
    ? `The upload is pinned to version ${pinnedTo.buildId} of the deployment ${pinnedTo.deploymentName}, and no worker of that version polls the task queue ${TASK_QUEUE}. Start one: TEMPORAL_DEPLOYMENT_NAME=${shellWord(pinnedTo.deploymentName)} TEMPORAL_WORKER_BUILD_ID=${shellWord(pinnedTo.buildId)} aplos-upload worker`
    : `No worker polls the task queue ${TASK_QUEUE}. Start one: aplos-upload worker`;

/** Counts the uploads that wait for a step on a host. */
export class HostTally {
  readonly #files = new Map<string, number>();

  /** Adds an upload that was started or joined, unless it is done: then it needs no worker on its host. */
  add({ host, state }: Pick<UploadHandle, 'host' | 'state'>): void {
    if (host !== undefined && (state === 'started' || state === 'running')) increment(this.#files, host);
  }

  /** Warns about files that have to wait, because their host has no worker. */
  async warn(client: UploadClient, notices: Notices): Promise<void> {
    for (const [host, number] of this.#files)
      if ((await client.hostHasWorker(host)) === false)
        notices.warn(`${count(number, 'file')} will wait. ${missingHostWorkerText(host)}`);
  }
}

/** Warns once if new uploads have no worker. Returns whether they have one. */
export async function warnIfNoWorker(client: UploadClient, notices: Notices): Promise<boolean | undefined> {
  const hasWorker = await client.hasWorker();
  if (hasWorker === false) notices.warn(`The uploads wait. ${missingWorkerText({})}`);
  return hasWorker;
}

/** Reports at once and then every minute that new uploads have no worker, until `signal` aborts. */
export async function reportMissingWorkers(
  client: UploadClient,
  notices: Notices,
  signal: AbortSignal,
): Promise<void> {
  let warnedAt: number | undefined;
  while (!signal.aborted) {
    const hasWorker = await client.hasWorker().catch(() => undefined); // an outage is reported elsewhere
    if (signal.aborted) return;
    const now = performance.now();
    if (hasWorker === false && (warnedAt === undefined || now - warnedAt >= REPEAT_MS)) {
      notices.warn(`The uploads wait. ${missingWorkerText({})}`);
      warnedAt = now;
    } else if (hasWorker && warnedAt !== undefined) {
      notices.resolved('A worker is running now.');
      warnedAt = undefined;
    }
    await sleep(CHECK_MS, undefined, { signal }).catch(() => {});
  }
}
