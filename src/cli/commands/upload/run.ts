import { UploadClient } from '../../../client.js';
import { loadSettings } from '../../../settings/settings.js';
import { withTracing } from '../../../telemetry/tracing/start.js';
import { readJobs } from '../../input/jobs.js';
import { warnAboutMissingWorkers } from '../../output/missing-hosts.js';
import { commandTracing } from '../../output/tracing.js';
import { uiLinks } from '../../output/ui-links.js';
import { dryRun } from './dry-run.js';
import { uploadInBulk } from './in-bulk.js';
import { uploadIndividually } from './individually.js';
import type { UploadOptions } from './options.js';

/** So many files are told of one by one; more as a whole. */
const FEW = 20;

/** `aplos-upload upload` */
export async function upload(places: string[], options: UploadOptions): Promise<void> {
  const settings = loadSettings(process.env, { accounts: false });
  const jobs = await readJobs(places, options, settings);
  await withTracing(commandTracing, async () => {
    const client = await UploadClient.connect({ settings });
    try {
      await warnAboutMissingWorkers(client, jobs);
      if (options.dryRun) await dryRun(client, jobs, options);
      else if (jobs.length <= FEW) await uploadIndividually(client, jobs, options, uiLinks(settings));
      else await uploadInBulk(client, jobs, options, uiLinks(settings));
    } finally {
      await client.close();
    }
  });
}
