import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { type ErrorCode, isErrorCode } from '../contract/errors.js';

/** Thrown when an upload that was waited for has ended without a receipt. */
export class UploadFailedError extends Error {
  override readonly name = 'UploadFailedError';
  /** Of the error table, or how the workflow was ended from outside. */
  readonly code: ErrorCode | 'CANCELLED' | 'TERMINATED';
  readonly workflowId: string;

  constructor(code: UploadFailedError['code'], message: string, workflowId: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.workflowId = workflowId;
  }
}

/** The error for a workflow that has ended without a receipt; any other error as it is. */
export function asUploadFailed(error: unknown, workflowId: string): unknown {
  if (!(error instanceof WorkflowFailedError)) return error;
  const { cause } = error;
  if (cause instanceof CancelledFailure) {
    return new UploadFailedError(
      'CANCELLED',
      'The upload was cancelled. Upload the file again to go on.',
      workflowId,
      { cause },
    );
  }
  if (cause instanceof TerminatedFailure) {
    return new UploadFailedError(
      'TERMINATED',
      'The upload was terminated. Upload the file again to go on.',
      workflowId,
      { cause },
    );
  }
  const code = cause instanceof ApplicationFailure && isErrorCode(cause.type) ? cause.type : 'INTERNAL';
  return new UploadFailedError(code, cause?.message ?? error.message, workflowId, { cause });
}
