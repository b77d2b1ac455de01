import type { UploadClient } from '../../client.js';
import { hostTaskQueue } from '../../contract/names.js';
import { count } from '../../util/units.js';
import type { Job } from '../input/jobs.js';
import { err } from './colors.js';

/** What is to be done where a host has no worker. */
export const startWorkerOnHost = (host: string): string =>
  `Nobody on ${host} asks for work on the task queue ${hostTaskQueue(host)}. Start a worker there: APLOS_UPLOAD_HOST=${host} aplos-upload worker`;

/** Says on stderr which files will have to wait, as no worker is where they are. */
export async function warnAboutMissingWorkers(client: UploadClient, jobs: readonly Job[]): Promise<void> {
  const files = new Map<string, number>();
  for (const { request } of jobs)
    if (request.host !== undefined) files.set(request.host, (files.get(request.host) ?? 0) + 1);
  for (const [host, howMany] of files)
    if ((await client.hostHasWorker(host)) === false)
      process.stderr.write(
        `${err.yellow('!')} ${count(howMany, 'file')} will wait. ${startWorkerOnHost(host)}\n`,
      );
}
