import { requestForFileJob } from '../../../client/file-job.js';
import { UploadClient } from '../../../client.js';
import { loadSettings } from '../../../settings/load.js';
import { withTracing } from '../../../telemetry/tracing/start.js';
import { readJobs } from '../../input/jobs.js';
import { warnAboutMissingWorkers } from '../../output/missing-hosts.js';
import { commandTracing } from '../../output/tracing.js';
import { uiLinks } from '../../output/ui-links.js';
import { dryRun } from './dry-run.js';
import { uploadInBulk } from './in-bulk.js';
import { uploadIndividually } from './individually.js';
import type { UploadOptions } from './options.js';
import { printPreview, readOnce } from './preview.js';

/** Largest number of files that are reported one by one. */
const MAX_INDIVIDUAL_FILES = 20;

/** Checks the input of `aplos-upload upload`, then starts the uploads and reports them. */
export async function upload(locations: readonly string[], options: UploadOptions): Promise<void> {
  const settings = loadSettings(process.env, 'client');
  const jobs = await readJobs(locations, options, settings);
  await withTracing(commandTracing, async () => {
    const client = await UploadClient.connect({ settings });
    try {
      await warnAboutMissingWorkers(client, jobs);
      if (options.dryRun) return await dryRun(client, jobs, options);
      const isWatched = process.stderr.isTTY === true;
      const read = isWatched ? readOnce() : requestForFileJob;
      if (isWatched) await printPreview(client, jobs, read);
      const start = jobs.length <= MAX_INDIVIDUAL_FILES ? uploadIndividually : uploadInBulk;
      await start(client, jobs, read, options, uiLinks(settings));
    } finally {
      await client.close();
    }
  });
}
