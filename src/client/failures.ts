import { type Client, WorkflowFailedError } from '@temporalio/client';
import {
  ApplicationFailure,
  CancelledFailure,
  type ProtoFailure,
  type SerializationContext,
  TerminatedFailure,
} from '@temporalio/common';
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { type ErrorCode, isErrorCode, UploadError } from '../contract/errors.js';
import { PROGRESS_QUERY } from '../contract/names.js';
import type { Receipt, UploadProgress } from '../contract/receipt.js';
import type { RunRef } from '../contract/stored-file.js';
import { whyUntrusted } from '../contract/untrusted.js';
import { readLastEvent } from '../temporal/run-events.js';
import { isUnreadable } from '../temporal/unreadable.js';
import { UploadFailedError } from './upload-failed-error.js';

/** A failure that Temporal stores: a code of the error table, and a message for users. */
export interface StoredFailure {
  readonly code: string;
  readonly message: string;
  /** Facts about the failure, unchecked. Absent if there are none, or they cannot be decoded. */
  readonly details?: unknown;
}

/**
 * Decodes a failure that Temporal stores. The code is always readable, but the message may need a missing key, or be malformed.
 *
 * @param context what the failure belongs to
 */
export async function describeFailure(
  { options }: Client,
  failure: ProtoFailure,
  context: SerializationContext,
): Promise<StoredFailure> {
  const code = codeOf(failure);
  try {
    const error = await decodeOptionalFailureToOptionalError(options.loadedDataConverter, failure, context);
    const details = error instanceof ApplicationFailure ? error.details?.[0] : undefined;
    return { code, message: error?.message ?? '', ...(details ? { details } : {}) };
  } catch (error) {
    // Anybody may fail a run with anything, which must not end the list of the others.
    const reason = isUnreadable(error) ? `decrypted. ${error.message}` : 'decoded';
    return { code, message: `(The message cannot be ${reason})` };
  }
}

/** Reads the failure of a run that has failed. */
export async function readFailure(client: Client, run: RunRef): Promise<StoredFailure> {
  const last = await readLastEvent(client, run);
  const { namespace } = client.options;
  const failure = last?.workflowExecutionFailedEventAttributes?.failure ?? {};
  return describeFailure(client, failure, { type: 'workflow', namespace, workflowId: run.workflowId });
}

function codeOf({ applicationFailureInfo, timeoutFailureInfo }: ProtoFailure): string {
  if (timeoutFailureInfo) return 'STEP_TIMED_OUT' satisfies ErrorCode;
  return applicationFailureInfo?.type || ('INTERNAL' satisfies ErrorCode);
}

/**
 * Waits for the receipt of an upload.
 *
 * @param runId run to wait for. Default: the latest run
 * @throws {@link UploadFailedError} if the upload ended without a receipt
 * @throws {@link UploadError} as {@link trusted}
 */
export async function waitForReceipt(client: Client, workflowId: string, runId?: string): Promise<Receipt> {
  try {
    const receipt = (await client.workflow.getHandle(workflowId, runId).result()) as Receipt;
    return trusted(receipt, workflowId, (each) => Array.isArray(each?.steps));
  } catch (error) {
    throw toUploadError(error, workflowId);
  }
}

/**
 * Queries an upload for its progress. Requires a running worker.
 *
 * @throws {@link UploadError} as {@link trusted}
 */
export async function queryProgress(client: Client, workflowId: string): Promise<UploadProgress | undefined> {
  const workflow = client.workflow.getHandle(workflowId);
  return trusted(await workflow.query<UploadProgress | undefined>(PROGRESS_QUERY), workflowId);
}

/**
 * Converts the error of waiting for a workflow to an {@link UploadFailedError} if it ended without a receipt. Any other error
 * is returned unchanged.
 */
export function toUploadError(error: unknown, workflowId: string): unknown {
  if (!(error instanceof WorkflowFailedError)) return error;
  const { cause } = error;
  const { code, message } = describeEnd(cause) ?? { code: 'INTERNAL', message: error.message };
  return new UploadFailedError(code, message, workflowId, { cause });
}

function describeEnd(cause: Error | undefined): Pick<UploadFailedError, 'code' | 'message'> | undefined {
  if (cause instanceof CancelledFailure)
    return { code: 'CANCELLED', message: 'The upload was cancelled. Upload the file again to continue.' };
  if (cause instanceof TerminatedFailure)
    return { code: 'TERMINATED', message: 'The upload was terminated. Upload the file again to continue.' };
  if (!cause) return undefined;
  const code = cause instanceof ApplicationFailure && isErrorCode(cause.type) ? cause.type : 'INTERNAL';
  return { code, message: cause.message };
}

/** Converts the error of waiting for a workflow that serves a call of the client. Callers of the client do not know that workflow. */
export function toCallError(error: unknown, workflowId: string): unknown {
  const failure = toUploadError(error, workflowId);
  if (!(failure instanceof UploadFailedError)) return failure;
  const { code, happened, cause } = failure;
  return new UploadError(code, happened, { cause });
}

/**
 * Returns the result of a workflow, or its response to a query.
 *
 * @param isExpected reports whether a value has the form of a result. Other payloads of the workflow are encrypted for it too.
 * Default: any form
 * @throws UploadError `PAYLOAD_UNTRUSTED` if it was not encrypted for this workflow, or has another form
 */
export function trusted<Result>(
  result: Result,
  workflowId: string,
  isExpected: (result: Result) => boolean = () => true,
): Result {
  const reason = whyUntrusted(result) ?? (isExpected(result) ? undefined : 'has another form');
  if (reason === undefined) return result;
  throw new UploadError('PAYLOAD_UNTRUSTED', `The result of the workflow ${workflowId} ${reason}`);
}
