import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { WorkflowIdConflictPolicy } from '@temporalio/common';
import { pMapIterable } from 'p-map';
import type { CancellationInput, CancelledExecution } from '../contract/cancellation.js';
import { UploadError } from '../contract/errors.js';
import { CANCEL_WORKFLOW_TYPE, TASK_QUEUE } from '../contract/names.js';
import type { StartedExecution } from '../contract/receipt.js';
import { escapeMarkdown } from '../util/escape-markdown.js';
import type { WorkerConnection } from './ask-worker.js';
import { queryProgress, toCallError, trusted, waitForReceipt } from './failures.js';
import type { CompletedState } from './states.js';
import { latestRun, type UploadSummary } from './summary.js';
import { UploadFailedError } from './upload-failed-error.js';

/** Options of {@link UploadClient.cancel}. */
export interface CancelOptions {
  /** Cancels also the executions that the upload started at Aplos. Default: `false`, they run on */
  readonly executions?: boolean | undefined;
}

/** Outcome of a cancellation for one upload. */
export interface CancelOutcome {
  readonly workflowId: string;
  readonly fileName?: string;
  /**
   * State of the upload after the cancellation: `cancelled`, or how it had ended before. `cancelling`: no worker has carried it
   * out yet.
   */
  readonly state: CompletedState | 'cancelling';
  /** True if the upload was running before. */
  readonly wasRunning: boolean;
  /** What became of each execution. Absent if that was not asked for, or the upload still runs. */
  readonly executions?: readonly CancelledExecution[];
}

/** Time for which an upload is waited for that was asked to stop, in milliseconds. A start that is being sent is completed. */
const CLOSING_MS = 15_000;
const CLOSING_WITH_EXECUTIONS_MS = 120_000;
const POLL_MS = 100;

/**
 * Cancels an upload and, on request, the executions that it started. Safe to repeat.
 *
 * @throws UploadError `UPLOAD_UNKNOWN`, `WORKER_MISSING` if executions are to be cancelled and no worker is running, or a
 * `TEMPORAL_…` code
 */
export async function cancelUpload(
  connection: WorkerConnection,
  workflowId: string,
  { executions = false }: CancelOptions,
): Promise<CancelOutcome> {
  const { client, workers } = connection;
  const upload = await latestRun(client, workflowId);
  const wasRunning = upload.state === 'running';
  if (wasRunning) await client.workflow.getHandle(workflowId).cancel();
  if (executions && (await workers.hasWorker(TASK_QUEUE)) === false) throw workerMissing(wasRunning);
  const closed = wasRunning
    ? await closedWithin(client, workflowId, executions ? CLOSING_WITH_EXECUTIONS_MS : CLOSING_MS)
    : upload;
  const outcome = {
    workflowId,
    ...(upload.fileName === undefined ? {} : { fileName: upload.fileName }),
    wasRunning,
  };
  if (closed.state === 'running') return { ...outcome, state: 'cancelling' };
  const ended = { ...outcome, state: closed.state };
  return executions ? { ...ended, executions: await cancelExecutionsOf(client, closed) } : ended;
}

const workerMissing = (wasRunning: boolean) =>
  new UploadError(
    'WORKER_MISSING',
    `No worker is running, so no execution is cancelled${wasRunning ? '. The upload is cancelled' : ''}`,
    { action: 'Start a worker with `aplos-upload worker`, then cancel again.' },
  );

/** Waits until an upload has closed. Returns it as it is then, or still running when the time is up. */
async function closedWithin(client: Client, workflowId: string, ms: number): Promise<UploadSummary> {
  const until = performance.now() + ms;
  for (;;) {
    const upload = await latestRun(client, workflowId);
    if (upload.state !== 'running' || performance.now() > until) return upload;
    await sleep(POLL_MS);
  }
}

async function cancelExecutionsOf(
  client: Client,
  { workflowId, runId, profile = 'default', fileName = workflowId, executionIds }: UploadSummary,
): Promise<readonly CancelledExecution[]> {
  if (executionIds.length === 0) return [];
  const receipt = await waitForReceipt(client, workflowId, runId).catch((error: unknown) => {
    if (error instanceof UploadFailedError) return undefined;
    throw error;
  });
  const { executions = [] } = receipt ?? (await queryProgress(client, workflowId)) ?? {};
  const started = distinct(executions);
  return started.length === 0
    ? []
    : runWorkflow(client, workflowId, { profile, fileName, executions: started });
}

/** Returns each execution once. Several labels may share one. */
const distinct = (executions: readonly StartedExecution[]) => [
  ...new Map(executions.map(({ executionId, label }) => [executionId, { executionId, label }])).values(),
];

async function runWorkflow(
  client: Client,
  uploadId: string,
  input: CancellationInput,
): Promise<readonly CancelledExecution[]> {
  const workflowId = `${CANCEL_WORKFLOW_TYPE}:${uploadId}`;
  try {
    const answer = await client.workflow.execute<
      (input: CancellationInput) => Promise<readonly CancelledExecution[]>
    >(CANCEL_WORKFLOW_TYPE, {
      taskQueue: TASK_QUEUE,
      workflowId,
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
      staticSummary: escapeMarkdown(`cancel the executions of ${input.fileName}`),
      priority: { priorityKey: 1 },
      args: [input],
    });
    return trusted(answer, workflowId, Array.isArray);
  } catch (error) {
    throw toCallError(error, workflowId);
  }
}

/** Cancels uploads, and yields the outcome for each. See {@link cancelUpload}. */
export function cancelUploads(
  connection: WorkerConnection,
  workflowIds: AsyncIterable<string> | Iterable<string>,
  options: CancelOptions,
  concurrency: number,
): AsyncIterable<CancelOutcome> {
  return pMapIterable(workflowIds, (workflowId) => cancelUpload(connection, workflowId, options), {
    concurrency,
  });
}
