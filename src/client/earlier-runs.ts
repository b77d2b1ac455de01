import type { Client } from '@temporalio/client';
import { ADD_BATCH_SIGNAL, type AddBatch } from '../contract/batches.js';
import {
  completionTimeoutOf,
  EXTEND_SIGNAL,
  type ExtendSignal,
  extensionOf,
  isSameDestination,
} from '../contract/extension.js';
import type { UploadRequest } from '../contract/request.js';
import { REQUEST_LIMITS } from '../contract/request-limits.js';
import { fileNameConditions, quoteForQuery } from '../temporal/query.js';
import { waitForReceipt } from './failures.js';
import { queryFor } from './filter.js';
import { runsOf, unlessGone } from './runs.js';
import { readRequest } from './source.js';
import { STATE_QUERIES } from './states.js';
import { latestRun, summaryOf, type UploadSummary } from './summary.js';

/** Meaning of the runs of a workflow id for a request of the same work. */
export type EarlierRuns =
  /** The request joins a run that is running, or that is done for its batch. */
  | { readonly joined: UploadSummary }
  /** The work has to run. `request` is the request, and what the run has to know of the earlier ones. */
  | { readonly joined?: undefined; readonly request: UploadRequest };

/**
 * Decides what to do with a request whose workflow id was used before. A running run is joined: it counts for the batch of the
 * request from now on, and goes as far as the request asks. A completed one is joined if it counts for that batch and went as
 * far; otherwise the result is wanted again, and further steps may follow.
 */
export async function joinEarlierRuns(
  client: Client,
  workflowId: string,
  request: UploadRequest,
): Promise<EarlierRuns> {
  const { batch } = request;
  const isInBatch = ({ batches }: UploadSummary) => batch === undefined || batches.includes(batch);
  const didAll = async (run: UploadSummary) => isInBatch(run) && (await wentAsFar(client, run, request));
  const latest = await unlessGone(latestRun(client, workflowId));
  if (!latest) return { request };
  if (latest.state === 'running') {
    const isJoined =
      (isInBatch(latest) || (await addBatch(client, latest, request))) &&
      (await extend(client, latest, request));
    return isJoined ? { joined: latest } : joinEarlierRuns(client, workflowId, request);
  }
  if (latest.state === 'done' && (await didAll(latest))) return { joined: latest };
  const done = await completedRuns(client, latest, request.fileName);
  for (const run of done) if (run !== latest && (await didAll(run))) return { joined: run };
  const otherBatches = latest.state === 'done' ? [] : latest.batches.filter((each) => each !== batch);
  const [repeated] = done;
  return {
    request: {
      ...request,
      ...(otherBatches.length > 0
        ? { otherBatches: otherBatches.slice(0, REQUEST_LIMITS.otherBatches) }
        : {}),
      ...(repeated ? { repeatOf: repeated.runId } : {}),
    },
  };
}

/** Returns the completed runs of a workflow id, the latest first. Temporal's list may lack those that completed just now. */
async function completedRuns(
  client: Client,
  latest: UploadSummary,
  fileName: string,
): Promise<UploadSummary[]> {
  const query = [
    queryFor({}),
    ...fileNameConditions(fileName),
    `WorkflowId = ${quoteForQuery(latest.workflowId)}`,
    STATE_QUERIES.done,
  ].join(' AND ');
  const done = latest.state === 'done' ? [latest] : [];
  for await (const info of runsOf(client).list({ query }))
    if (info.runId !== latest.runId) done.push(summaryOf(info));
  return done;
}

/** Reports whether a completed run did everything that a request asks for beyond the start of its executions. */
async function wentAsFar(
  client: Client,
  { workflowId, runId }: UploadSummary,
  request: UploadRequest,
): Promise<boolean> {
  if (!extensionOf(request)) return true;
  // Somebody may have removed the results since. A run that finds them only checks them.
  if (request.results !== undefined) return false;
  // Without the key of the receipt, or without the run, this is not known. A run that finds everything done ends at once.
  const receipt = await waitForReceipt(client, workflowId, runId).catch(() => undefined);
  return receipt?.executions.every(({ completion }) => completion !== undefined) ?? false;
}

/** Makes a running run go as far as a request asks. Returns `false` if the run has closed. */
async function extend(client: Client, run: UploadSummary, request: UploadRequest): Promise<boolean> {
  const extension = extensionOf(request);
  if (!extension) return true;
  const signal = { ...extension, ...(request.host === undefined ? {} : { host: request.host }) };
  const { until, results, unpackResults, host, ...limit } =
    (await readRequest(client, run).catch(() => undefined)) ?? {};
  const isFetched =
    extension.results === undefined || isSameDestination({ results, unpackResults, host }, signal);
  const goesAsFar = until === extension.until || results !== undefined;
  if (goesAsFar && isFetched && completionTimeoutOf(limit) >= completionTimeoutOf(extension)) return true;
  return signalRun(client, run, EXTEND_SIGNAL, signal);
}

/** Makes a running run count for the batch of a request. Returns `false` if the run has closed. */
function addBatch(
  client: Client,
  run: UploadSummary,
  { batch = '', requestedBy }: UploadRequest,
): Promise<boolean> {
  const added: AddBatch = { batch, ...(requestedBy === undefined ? {} : { requestedBy }) };
  return signalRun(client, run, ADD_BATCH_SIGNAL, added);
}

/** Signals a run. Returns `false` if it has closed. */
async function signalRun(
  client: Client,
  { workflowId, runId }: UploadSummary,
  signal: string,
  argument: AddBatch | ExtendSignal,
): Promise<boolean> {
  const handle = client.workflow.getHandle(workflowId, runId);
  return (await unlessGone(handle.signal(signal, argument).then(() => true))) === true;
}
