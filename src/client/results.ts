import { createHash } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import { pMapIterable } from 'p-map';
import { isErrorCode, UploadError } from '../contract/errors.js';
import type { FetchOutcome, FetchRequest } from '../contract/fetch-request.js';
import { executionLabel, RESULTS_WORKFLOW_TYPE, TASK_QUEUE } from '../contract/names.js';
import type { Receipt, StartedExecution } from '../contract/receipt.js';
import type { UploadRequest } from '../contract/request.js';
import type { ResultsDestination, ResultsPackage } from '../contract/results.js';
import { isOnHost } from '../contract/results-location.js';
import { findResultsProblems } from '../contract/results-problems.js';
import { escapeMarkdown } from '../util/escape-markdown.js';
import { toUploadError, trusted, waitForReceipt } from './failures.js';
import { readRequest } from './source.js';
import { latestRun } from './summary.js';

/** Where the results of uploads go, and who stores them. */
export interface ResultsOptions extends ResultsDestination {
  /** Host whose worker stores results in a `file:` location. Default: that of the upload, if it has one */
  readonly host?: string | undefined;
}

/** What became of the results of one execution, or of a whole upload if nothing is known of its executions. */
export interface ResultsOutcome {
  readonly workflowId: string;
  /** Absent if the upload is not known. */
  readonly fileName?: string;
  /** Absent if nothing is known of the executions of the upload. */
  readonly label?: string;
  readonly executionId?: string;
  /** The results, as they were stored. Absent if they could not be fetched. */
  readonly package?: ResultsPackage;
  /** Why the results could not be fetched. Absent if they were. */
  readonly error?: UploadError;
}

/** How the executions of an upload are found, and the results fetched. */
export interface ResultsCalls {
  readonly client: Client;
  /** Makes a call that is safe to repeat. During an outage of Temporal, it waits. */
  readonly whenAvailable: <Result>(call: () => Promise<Result>) => Promise<Result>;
  readonly concurrency: number;
}

/** Fetches the results of uploads concurrently. Yields the outcomes in the order of the uploads. */
export async function* fetchResults(
  calls: ResultsCalls,
  workflowIds: AsyncIterable<string> | Iterable<string>,
  options: ResultsOptions,
): AsyncGenerator<ResultsOutcome, void> {
  const fetch = (workflowId: string) =>
    resultsOf(calls, workflowId, options).catch((error: unknown): ResultsOutcome[] => {
      if (error instanceof UploadError) return [{ workflowId, error }];
      throw error;
    });
  for await (const outcomes of pMapIterable(workflowIds, fetch, { concurrency: calls.concurrency }))
    yield* outcomes;
}

async function resultsOf(
  { client, whenAvailable }: ResultsCalls,
  workflowId: string,
  options: ResultsOptions,
): Promise<ResultsOutcome[]> {
  const receipt = await whenAvailable(() => readReceipt(client, workflowId));
  const { runId } = receipt;
  const request = await whenAvailable(() => readRequest(client, { workflowId, runId }).catch(unknown));
  const { fileName } = receipt;
  if (receipt.executions.length === 0)
    throw new UploadError('RESULTS_UNAVAILABLE', `The upload of ${fileName} has no executions`, {
      final: true,
    });
  const fetchRequest = fetchRequestFor(receipt, request, options);
  const [problem] = findResultsProblems(fetchRequest, fetchRequest);
  if (problem !== undefined)
    throw new UploadError('REQUEST_INVALID', `The location of the results of ${fileName} ${problem}`);
  const outcomes = await whenAvailable(() => runFetch(client, workflowId, fetchRequest));
  return outcomes.map(({ error, ...outcome }) => ({
    workflowId,
    fileName,
    ...outcome,
    ...(error === undefined ? {} : { error: asUploadError(error) }),
  }));
}

/** The request only serves to compare the configuration. Its history may be gone. */
const unknown = (error: unknown): undefined => {
  if (error instanceof UploadError && error.code === 'UPLOAD_UNKNOWN') return undefined;
  throw error;
};

/** Returns the receipt of an upload, without waiting for it. */
async function readReceipt(client: Client, workflowId: string): Promise<Receipt> {
  const { state } = await latestRun(client, workflowId);
  if (state === 'running')
    throw new UploadError('RESULTS_UNAVAILABLE', `The upload ${workflowId} is running`, {
      final: true,
      action: 'Fetch its results once it is done.',
    });
  return waitForReceipt(client, workflowId);
}

function fetchRequestFor(
  { profile, fileName, sha256, host, batches, executions }: Receipt,
  request: Partial<UploadRequest> | undefined,
  options: ResultsOptions,
): FetchRequest {
  const { results, unpackResults, host: givenHost } = options;
  const batch = request?.batch ?? batches[0];
  const storingHost = isOnHost(results) ? (givenHost ?? host) : undefined;
  return {
    profile,
    ...(batch === undefined ? {} : { batch }),
    ...(storingHost === undefined ? {} : { host: storingHost }),
    fileName,
    sha256,
    results,
    ...(unpackResults === undefined ? {} : { unpackResults }),
    executions: executions.map((execution) => ({
      label: execution.label,
      executionId: execution.executionId,
      ...configurationOf(request, execution),
    })),
  };
}

function configurationOf(
  request: Partial<UploadRequest> | undefined,
  { label }: StartedExecution,
): Pick<FetchRequest['executions'][number], 'configuration'> {
  const found = request?.executions?.find((each, index) => executionLabel(each, index) === label);
  return found === undefined ? {} : { configuration: found.configuration };
}

/** Runs the workflow that fetches the results, or waits for one that does the same at the moment. */
async function runFetch(
  client: Client,
  uploadId: string,
  request: FetchRequest,
): Promise<readonly FetchOutcome[]> {
  const workflowId = `${RESULTS_WORKFLOW_TYPE}:${hashOf([uploadId, request])}`;
  const handle = await client.workflow.start<(input: FetchRequest) => Promise<readonly FetchOutcome[]>>(
    RESULTS_WORKFLOW_TYPE,
    {
      taskQueue: TASK_QUEUE,
      workflowId,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
      staticSummary: `results of ${escapeMarkdown(request.fileName)}`,
      priority: { priorityKey: 3 },
      args: [request],
    },
  );
  try {
    return trusted(await handle.result(), workflowId, Array.isArray);
  } catch (error) {
    throw toUploadError(error, workflowId);
  }
}

const hashOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 24);

function asUploadError({ code, message }: NonNullable<FetchOutcome['error']>): UploadError {
  return new StoredUploadError(isErrorCode(code) ? code : 'INTERNAL', message);
}

/** An error whose message says already what to do. */
class StoredUploadError extends UploadError {
  constructor(code: UploadError['code'], message: string) {
    super(code, message);
    this.message = message;
  }
}
