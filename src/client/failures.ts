import { type Client, WorkflowFailedError } from '@temporalio/client';
import {
  ApplicationFailure,
  CancelledFailure,
  type ProtoFailure,
  TerminatedFailure,
} from '@temporalio/common';
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { type ErrorCode, errorTable, isErrorCode, UploadError } from '../contract/errors.js';
import { isUnreadable, UNREADABLE } from '../temporal/unreadable.js';
import { UploadFailedError } from './upload-failed-error.js';

/** A failure as Temporal has it: its code, which is readable always, and its words, which may be encrypted. */
export async function describeFailure(
  { options }: Client,
  failure: ProtoFailure,
): Promise<{ code: string; message: string }> {
  const code = codeOf(failure);
  try {
    const error = await decodeOptionalFailureToOptionalError(options.loadedDataConverter, failure);
    return { code, message: error?.message ?? '' };
  } catch (error) {
    if (isUnreadable(error)) return { code, message: `(What happened cannot be shown. ${error.message})` };
    throw error;
  }
}

function codeOf({ applicationFailureInfo, timeoutFailureInfo }: ProtoFailure): string {
  if (timeoutFailureInfo) return 'STEP_TIMED_OUT' satisfies ErrorCode;
  return applicationFailureInfo?.type || ('INTERNAL' satisfies ErrorCode);
}

/** The error for a workflow that has ended without a receipt, or with one that cannot be read; any other as it is. */
export function toUploadError(error: unknown, workflowId: string): unknown {
  if (isUnreadable(error)) {
    const happened = error.message.replace(`. ${errorTable[UNREADABLE].action}`, '');
    return new UploadError(UNREADABLE, happened, { cause: error });
  }
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
