import { pMapIterable } from 'p-map';
import { parseUploadRequest, type UploadClient, type UploadState, workflowIdFor } from '../../../client.js';
import { count, counts } from '../../../util/units.js';
import { type Job, requestForJob, shownFile } from '../../input/jobs.js';
import { out } from '../../output/colors.js';

const LOOKS_AT_ONCE = 20;

const forecasts: Record<UploadState | 'new', string> = {
  new: 'would be started',
  running: 'is running, would be joined',
  done: 'is done',
  failed: 'has failed, would be started again',
  cancelled: 'was cancelled, would be started again',
  terminated: 'was terminated, would be started again',
  'timed-out': 'timed out, would be started again',
};

/** Says what `upload` would do with each file, and starts nothing. */
export async function dryRun(
  client: UploadClient,
  jobs: readonly Job[],
  { json }: { json?: true },
): Promise<void> {
  const tally = new Map<string, number>();
  for await (const { place, workflowId, state } of pMapIterable(jobs, look, { concurrency: LOOKS_AT_ONCE })) {
    tally.set(state, (tally.get(state) ?? 0) + 1);
    console.log(json ? JSON.stringify({ place, workflowId, state }) : `${place}: ${forecasts[state]}`);
  }
  if (!json) console.log(`\n${out.bold(count(jobs.length, 'file'))}: ${counts(tally)}. Nothing was started.`);

  async function look(job: Job) {
    const workflowId = workflowIdFor(parseUploadRequest(await requestForJob(job)));
    const status = await client.status(workflowId);
    return { place: shownFile(job), workflowId, state: status?.state ?? ('new' as const) };
  }
}
