import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { UploadError } from '../contract/errors.js';
import { PREVIEW_WORKFLOW_TYPE, SUBSCRIPTION_WORKFLOW_TYPE, TASK_QUEUE } from '../contract/names.js';
import type { AnalysisFinding, PreviewInput } from '../contract/preview.js';
import type { Subscription, SubscriptionInput } from '../contract/subscription.js';
import { toCallError, trusted } from './failures.js';
import type { WorkerAvailability } from './worker-availability.js';

/** How a client reaches the workers. */
export interface WorkerConnection {
  readonly client: Client;
  readonly workers: WorkerAvailability;
}

/** A worker takes a task within milliseconds. */
const WORKER_TIMEOUT_MS = 10_000;
/** A worker that is gone may still be given the task. Another one then gets it well before the client stops waiting. */
const TASK_TIMEOUT = '3 seconds';
const TOO_LATE = `No worker responded within ${WORKER_TIMEOUT_MS / 1000} seconds`;
/** Longer than the activity may take. */
const EXECUTION_TIMEOUT = '40 seconds';

/** A question to the workers. */
interface Question<Answer> {
  readonly workflowType: string;
  /** Shown in the Temporal UI. */
  readonly summary: string;
  /** What is not known without a worker, as a clause. */
  readonly unknown: string;
  /** Reports whether a value has the form of an answer. The input is encrypted for the same workflow. */
  readonly isAnswer: (value: Answer) => boolean;
}

/**
 * Asks a worker which analyses Aplos has.
 *
 * @returns one finding for each analysis, in order
 * @throws UploadError as {@link askWorker}
 */
export const askForAnalyses = (
  connection: WorkerConnection,
  input: PreviewInput,
): Promise<readonly AnalysisFinding[]> =>
  askWorker(connection, input, {
    workflowType: PREVIEW_WORKFLOW_TYPE,
    summary: 'which analyses does Aplos have?',
    unknown: 'which analyses Aplos already has',
    isAnswer: Array.isArray,
  });

/**
 * Asks a worker what the subscription of a profile has left.
 *
 * @throws UploadError as {@link askWorker}
 */
export const askForSubscription = (
  connection: WorkerConnection,
  input: SubscriptionInput,
): Promise<Subscription> =>
  askWorker(connection, input, {
    workflowType: SUBSCRIPTION_WORKFLOW_TYPE,
    summary: 'what does the subscription have left?',
    unknown: 'what the subscription has left',
    isAnswer: (subscription) => !('profile' in subscription),
  });

/**
 * Asks a worker, with a workflow of its own that changes nothing.
 *
 * @throws UploadError `WORKER_MISSING` if no worker responds within 10 seconds, `TEMPORAL_UNREACHABLE`, or the code with
 *   which the worker failed, e.g. `PROFILE_UNKNOWN` or an `API_…` code
 */
async function askWorker<Input, Answer extends object>(
  { client, workers }: WorkerConnection,
  input: Input,
  { workflowType, summary, unknown, isAnswer }: Question<Answer>,
): Promise<Answer> {
  const workerMissing = (happened: string) =>
    new UploadError('WORKER_MISSING', `${happened}, so it is not known ${unknown}`);
  if ((await workers.hasWorker(TASK_QUEUE)) === false) throw workerMissing('No worker is running');
  const workflowId = `${workflowType}:${randomUUID()}`;
  const ended = new AbortController();
  try {
    const handle = await client.workflow.start<(input: Input) => Promise<Answer>>(workflowType, {
      taskQueue: TASK_QUEUE,
      workflowId,
      workflowExecutionTimeout: EXECUTION_TIMEOUT,
      workflowTaskTimeout: TASK_TIMEOUT,
      staticSummary: summary,
      priority: { priorityKey: 1 },
      args: [input],
    });
    const answer = await Promise.race([handle.result(), isIgnored(handle, ended.signal)]);
    if (answer === undefined) throw workerMissing(TOO_LATE);
    return trusted(answer, workflowId, isAnswer);
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? error.cause : undefined;
    if (cause instanceof TimeoutFailure)
      throw workerMissing(`No worker responded within ${EXECUTION_TIMEOUT}`);
    if (cause instanceof TerminatedFailure) throw workerMissing(TOO_LATE); // by the call below
    throw toCallError(error, workflowId);
  } finally {
    ended.abort();
  }
}

/**
 * Terminates the workflow and returns if no worker has begun with it in time. Otherwise never resolves; rejects when aborted.
 */
async function isIgnored(handle: WorkflowHandle, signal: AbortSignal): Promise<undefined> {
  await sleep(WORKER_TIMEOUT_MS, undefined, { signal });
  const { status, raw } = await handle.describe();
  // If this process was suspended, the result may have been stored meanwhile.
  if (status.name !== 'RUNNING' || raw.pendingActivities?.length !== 0) return new Promise(() => {});
  await handle.terminate('No worker has responded');
  return undefined;
}
