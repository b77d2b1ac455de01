import { UploadClient } from '../client.js';
import { loadSettings } from '../config.js';
import { whileTracing } from '../traces/start.js';
import { dryRun } from './dry-run.js';
import { warnOfMissingHosts } from './hosts.js';
import { readJobs } from './jobs.js';
import { pagesFor } from './pages.js';
import { commandTraces } from './traces.js';
import { uploadFew } from './upload-few.js';
import { uploadMany } from './upload-many.js';
import type { UploadOptions } from './upload-options.js';

/** So many files are told of one by one; more as a whole. */
const FEW = 20;

/** `aplos-upload upload` */
export async function upload(places: string[], options: UploadOptions): Promise<void> {
  const settings = loadSettings(process.env, { accounts: false });
  const jobs = await readJobs(places, options, settings);
  await whileTracing(commandTraces, async () => {
    const client = await UploadClient.connect({ settings });
    try {
      await warnOfMissingHosts(client, jobs);
      if (options.dryRun) await dryRun(client, jobs, options);
      else if (jobs.length <= FEW) await uploadFew(client, jobs, options, pagesFor(settings));
      else await uploadMany(client, jobs, options, pagesFor(settings));
    } finally {
      await client.close();
    }
  });
}
