import { type ErrorCode, errorTable, UploadError, withoutReplayHint } from '../contract/errors.js';
import { printable } from '../util/printable.js';

/** Thrown by `result()` if the upload ended without a receipt. Its code is `CANCELLED` or `TERMINATED` if somebody ended it. */
export class UploadFailedError extends UploadError {
  override readonly name: string = 'UploadFailedError';
  readonly workflowId: string;

  /** @param message message of the failure, with what to do */
  constructor(
    code: ErrorCode,
    message: string,
    workflowId: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(code, withoutReplayHint(message).replace(`. ${errorTable[code].action}`, ''), options);
    this.message = printable(message);
    this.workflowId = workflowId;
  }
}
