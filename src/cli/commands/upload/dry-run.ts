import pMap, { pMapIterable } from 'p-map';
import { displayLocation, type FileJob, requestForFileJob } from '../../../client/file-job.js';
import {
  parseUploadRequest,
  type UploadClient,
  type UploadRequestInput,
  type UploadState,
  workflowIdFor,
} from '../../../client.js';
import { increment } from '../../../util/tally.js';
import { count, counts } from '../../../util/units.js';
import { countStarts, remainingText, shortageText } from '../../output/allocation-text.js';
import { out } from '../../output/colors.js';
import { HostTally } from '../../output/missing-workers.js';
import type { Notices } from '../../output/notices.js';
import { analysesText, type ShownAnalysis, summaryLines } from '../../output/preview-text.js';
import { print, printJson } from '../../output/terminal.js';
import { subscriptionFor } from './allocation.js';
import type { UploadOptions } from './options.js';
import { previewsOf } from './preview.js';

const CONCURRENCY = 20;

type Forecast = UploadState | 'new' | 'done-before';

const forecasts: Record<Forecast, string> = {
  new: 'would be started',
  running: 'already running, would be joined',
  done: 'already done',
  'done-before': 'done before, would be checked again for this batch',
  failed: 'failed, would be started again',
  cancelled: 'cancelled, would be started again',
  terminated: 'terminated, would be started again',
  'timed-out': 'timed out, would be started again',
};

/** Prints what `upload` would do with each file, and which of its analyses were paid before. Starts nothing. */
export async function dryRun(
  client: UploadClient,
  jobs: readonly FileJob[],
  options: Pick<UploadOptions, 'json' | 'profile' | 'batch'>,
  notices: Notices,
): Promise<void> {
  const { json } = options;
  const requests = await pMap(jobs, requestForFileJob, { concurrency: CONCURRENCY });
  const previews = await previewsOf(client, requests);
  const tally = new Map<string, number>();
  const all: ShownAnalysis[] = [];
  const hosts = new HostTally();
  for await (const forecast of pMapIterable(requests, forecastFor, { concurrency: CONCURRENCY })) {
    const { file, fileName, workflowId, state, analyses } = forecast;
    increment(tally, state);
    if (state !== 'done' && state !== 'done-before') hosts.add({ ...forecast, state: 'started' });
    const shown = state === 'done' ? analyses?.map(notNew) : analyses;
    all.push(...(shown ?? []));
    if (json) printJson({ file, workflowId, state, analyses });
    else
      print(
        [`${file}: ${forecasts[state]}`, ...(shown?.length ? [analysesText(fileName, shown)] : [])].join(
          '; ',
        ),
      );
  }
  await hosts.warn(client, notices);
  if (json) return;
  print('', `${out.bold(count(jobs.length, 'file'))}: ${counts(tally)}. Nothing was started.`);
  print(...summaryLines(all));
  const subscription = await subscriptionFor(client, jobs, options);
  if (!subscription) return;
  const starts = countStarts(all);
  const { remaining = starts } = subscription;
  print(remaining < starts ? `${shortageText(subscription, starts)}.` : remainingText(subscription));

  async function forecastFor(input: UploadRequestInput, index: number) {
    const request = parseUploadRequest(input);
    const { fileName, batch, host } = request;
    const workflowId = workflowIdFor(request);
    const status = await client.status(workflowId);
    const file = displayLocation(jobs[index] ?? { location: fileName });
    const isOfOtherBatch = batch !== undefined && !status?.batches.includes(batch);
    const state: Forecast =
      status?.state === 'done' && isOfOtherBatch ? 'done-before' : (status?.state ?? 'new');
    const analyses = previews[index]?.analyses;
    return { file, fileName, workflowId, state, analyses, ...(host === undefined ? {} : { host }) };
  }
}

/** An upload that is done starts nothing, even if Aplos does not list its executions. */
const notNew = (analysis: ShownAnalysis): ShownAnalysis =>
  analysis.state === 'new' ? { ...analysis, state: 'unlisted' } : analysis;
