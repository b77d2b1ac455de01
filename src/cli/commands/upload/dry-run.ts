import { pMapIterable } from 'p-map';
import { displayLocation, type FileJob, requestForFileJob } from '../../../client/file-job.js';
import { parseUploadRequest, type UploadClient, type UploadState, workflowIdFor } from '../../../client.js';
import { count, counts } from '../../../util/units.js';
import { out } from '../../output/colors.js';

const CONCURRENCY = 20;

const forecasts: Record<UploadState | 'new', string> = {
  new: 'would be started',
  running: 'already running, would be joined',
  done: 'already done',
  failed: 'failed, would be started again',
  cancelled: 'cancelled, would be started again',
  terminated: 'terminated, would be started again',
  'timed-out': 'timed out, would be started again',
};

/** Prints what `upload` would do with each file, and starts nothing. */
export async function dryRun(
  client: UploadClient,
  jobs: readonly FileJob[],
  { json }: { json?: true },
): Promise<void> {
  const tally = new Map<string, number>();
  const results = pMapIterable(jobs, forecast, { concurrency: CONCURRENCY });
  for await (const { file, workflowId, state } of results) {
    tally.set(state, (tally.get(state) ?? 0) + 1);
    console.log(json ? JSON.stringify({ file, workflowId, state }) : `${file}: ${forecasts[state]}`);
  }
  if (!json) console.log(`\n${out.bold(count(jobs.length, 'file'))}: ${counts(tally)}. Nothing was started.`);

  async function forecast(job: FileJob) {
    const workflowId = workflowIdFor(parseUploadRequest(await requestForFileJob(job)));
    const status = await client.status(workflowId);
    return { file: displayLocation(job), workflowId, state: status?.state ?? ('new' as const) };
  }
}
