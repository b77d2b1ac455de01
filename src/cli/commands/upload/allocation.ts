import type { FileJob } from '../../../client/file-job.js';
import type { Subscription, UploadClient, UploadPreview } from '../../../client.js';
import { UploadError } from '../../../contract/errors.js';
import { countStarts, remainingText, shortageText } from '../../output/allocation-text.js';
import { formatError, printNote } from '../../output/errors.js';
import { printToStderr } from '../../output/terminal.js';
import type { UploadOptions } from './options.js';

/**
 * Shows what the subscription has left before several executions are started, and stops if that is not enough for those that Aplos
 * does not have yet. If nobody can tell, it says so.
 *
 * @param preview returns a preview for each file; `undefined` if it is not known what Aplos has
 * @throws UploadError `ALLOCATION_TOO_SMALL` or `PROFILE_UNKNOWN`
 */
export async function checkAllocation(
  client: UploadClient,
  jobs: readonly FileJob[],
  options: UploadOptions,
  preview: () => Promise<readonly UploadPreview[] | undefined>,
): Promise<void> {
  const subscription = await subscriptionFor(client, jobs, options);
  if (!subscription) return;
  printToStderr(remainingText(subscription));
  const { remaining } = subscription;
  if (remaining === undefined || remaining >= countRequested(jobs)) return;
  const previews = await preview();
  if (!previews) return;
  const starts = countStarts(previews.flatMap(({ analyses }) => analyses));
  if (remaining >= starts) return;
  const shortage = shortageText(subscription, starts);
  if (!options.yes) throw new UploadError('ALLOCATION_TOO_SMALL', `${shortage}. Nothing was started`);
  printNote(`${shortage}. The uploads whose start Aplos refuses will fail.`);
}

const countRequested = (jobs: readonly FileJob[]): number =>
  jobs.reduce((sum, { request: { executions = [] } }) => sum + executions.length, 0);

/**
 * Returns what the subscription has left if jobs are a batch or start several executions. If the workers cannot tell, it prints a
 * warning.
 *
 * @throws UploadError `PROFILE_UNKNOWN`
 */
export async function subscriptionFor(
  client: UploadClient,
  jobs: readonly FileJob[],
  { profile, batch }: Pick<UploadOptions, 'profile' | 'batch'>,
): Promise<Subscription | undefined> {
  const requested = countRequested(jobs);
  if (requested === 0 || (requested === 1 && batch === undefined)) return undefined;
  try {
    return await client.subscription(profile);
  } catch (error) {
    if (!(error instanceof UploadError) || error.code === 'PROFILE_UNKNOWN') throw error;
    printNote(`Cannot tell how many executions the subscription has left. ${formatError(error)}`);
    return undefined;
  }
}
