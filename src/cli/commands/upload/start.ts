import { type FileJob, requestForFileJob } from '../../../client/file-job.js';
import { UploadClient } from '../../../client.js';
import { UploadError } from '../../../contract/errors.js';
import type { Settings } from '../../../settings/settings.js';
import { withTracing } from '../../../telemetry/tracing/start.js';
import { Notices } from '../../output/notices.js';
import { commandTracing } from '../../output/tracing.js';
import { uiLinks } from '../../output/ui-links.js';
import { checkAllocation } from './allocation.js';
import { dryRun } from './dry-run.js';
import { uploadInBulk } from './in-bulk.js';
import { uploadIndividually } from './individually.js';
import type { UploadOptions } from './options.js';
import { completePreviews, printPreview, readOnce, requestsOf } from './preview.js';

/** Largest number of files that are reported one by one. */
const MAX_INDIVIDUAL_FILES = 20;

/** Stops a misspelt profile before anything starts. Whatever else the workers report does not concern the profile. */
async function assertProfile(client: UploadClient, profile: string): Promise<void> {
  try {
    await client.assertProfile(profile);
  } catch (error) {
    if (!(error instanceof UploadError) || error.code === 'PROFILE_UNKNOWN') throw error;
  }
}

/** Finds the jobs of a command with its client. */
export type FindJobs = (client: UploadClient) => Promise<readonly FileJob[]>;

/** Connects, then starts the uploads of checked jobs and reports them. A dry run only says what would be started. */
export async function startUploads(
  jobsOf: readonly FileJob[] | FindJobs,
  options: UploadOptions,
  settings: Settings,
): Promise<void> {
  await withTracing(commandTracing, async () => {
    const notices = new Notices();
    const client = await UploadClient.connect({ settings, onOutage: notices.onOutage });
    try {
      const jobs = typeof jobsOf === 'function' ? await jobsOf(client) : jobsOf;
      if (options.dryRun) return await dryRun(client, jobs, options, notices);
      const isWatched = process.stderr.isTTY === true;
      const once = readOnce();
      let read = isWatched ? once : requestForFileJob;
      const shown = isWatched ? await printPreview(client, jobs, read) : undefined;
      if (!isWatched && options.profile !== 'default') await assertProfile(client, options.profile);
      await checkAllocation(client, jobs, options, async () => {
        if (isWatched) return shown;
        read = once;
        return completePreviews(client, await requestsOf(jobs, read));
      });
      const start = jobs.length <= MAX_INDIVIDUAL_FILES ? uploadIndividually : uploadInBulk;
      await start(client, jobs, read, options, { notices, links: uiLinks(settings) });
    } finally {
      await client.close();
    }
  });
}
