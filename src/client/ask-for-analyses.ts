import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { UploadError } from '../contract/errors.js';
import { PREVIEW_WORKFLOW_TYPE, TASK_QUEUE } from '../contract/names.js';
import type { AnalysisFinding, PreviewInput } from '../contract/preview.js';
import { toUploadError, trusted } from './failures.js';
import { UploadFailedError } from './upload-failed-error.js';
import type { WorkerAvailability } from './worker-availability.js';

/** How a client reaches the workers. */
export interface PreviewConnection {
  readonly client: Client;
  readonly workers: WorkerAvailability;
}

/** A worker takes a task within milliseconds. */
const WORKER_TIMEOUT_MS = 10_000;
const TOO_LATE = `No worker responded within ${WORKER_TIMEOUT_MS / 1000} seconds`;
/** Longer than the activity may take. */
const EXECUTION_TIMEOUT = '40 seconds';

/**
 * Asks a worker which analyses Aplos has, with a workflow of its own.
 *
 * @returns one finding for each analysis, in order
 * @throws UploadError `WORKER_MISSING` if no worker responds within 10 seconds, `TEMPORAL_UNREACHABLE`, or the code with
 *   which the worker failed, e.g. `PROFILE_UNKNOWN` or an `API_…` code
 */
export async function askForAnalyses(
  { client, workers }: PreviewConnection,
  input: PreviewInput,
): Promise<readonly AnalysisFinding[]> {
  if ((await workers.hasWorker(TASK_QUEUE)) === false) throw workerMissing('No worker is running');
  const workflowId = `${PREVIEW_WORKFLOW_TYPE}:${randomUUID()}`;
  const ended = new AbortController();
  try {
    const handle = await client.workflow.start<(input: PreviewInput) => Promise<AnalysisFinding[]>>(
      PREVIEW_WORKFLOW_TYPE,
      {
        taskQueue: TASK_QUEUE,
        workflowId,
        workflowExecutionTimeout: EXECUTION_TIMEOUT,
        staticSummary: 'which analyses does Aplos have?',
        priority: { priorityKey: 1 },
        args: [input],
      },
    );
    const findings = await Promise.race([handle.result(), failWithoutWorker(handle, ended.signal)]);
    return trusted(findings, workflowId, Array.isArray);
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? error.cause : undefined;
    if (cause instanceof TimeoutFailure)
      throw workerMissing(`No worker responded within ${EXECUTION_TIMEOUT}`);
    if (cause instanceof TerminatedFailure) throw workerMissing(TOO_LATE); // by the call below
    const failure = toUploadError(error, workflowId);
    throw failure instanceof UploadFailedError ? withoutWorkflow(failure) : failure;
  } finally {
    ended.abort();
  }
}

/** Throws if no worker has begun with the workflow in time. Otherwise never resolves; rejects when aborted. */
async function failWithoutWorker(handle: WorkflowHandle, signal: AbortSignal): Promise<never> {
  await sleep(WORKER_TIMEOUT_MS, undefined, { signal });
  const { raw } = await handle.describe();
  if (raw.pendingActivities?.length === 0) {
    await handle.terminate('No worker has responded');
    throw workerMissing(TOO_LATE);
  }
  return new Promise(() => {});
}

const workerMissing = (happened: string) =>
  new UploadError('WORKER_MISSING', `${happened}, so it is not known which analyses Aplos already has`);

/** Converts the failure of the workflow to the error of the call: callers do not know the workflow. */
const withoutWorkflow = ({ code, happened, cause }: UploadFailedError): UploadError =>
  new UploadError(code, happened, { cause });
