import type { FileJob } from '../../client/file-job.js';
import type { UploadClient } from '../../client.js';
import { hostTaskQueue } from '../../contract/names.js';
import { shellWord } from '../../util/shell-word.js';
import { count } from '../../util/units.js';
import { printNote } from './errors.js';

/** Returns the sentences that say that a host has no worker, and how to start one. */
export const missingWorkerText = (host: string): string =>
  `No worker on ${host} polls the task queue ${hostTaskQueue(host)}. Start a worker there: APLOS_UPLOAD_HOST=${shellWord(host)} aplos-upload worker`;

/** Warns on stderr about files that have to wait, because their host has no worker. */
export async function warnAboutMissingWorkers(client: UploadClient, jobs: readonly FileJob[]): Promise<void> {
  const files = new Map<string, number>();
  for (const { request } of jobs)
    if (request.host !== undefined) files.set(request.host, (files.get(request.host) ?? 0) + 1);
  for (const [host, number] of files)
    if ((await client.hostHasWorker(host)) === false)
      printNote(`${count(number, 'file')} will wait. ${missingWorkerText(host)}`);
}
