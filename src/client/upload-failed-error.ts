import type { ErrorCode } from '../contract/errors.js';
import { printable } from '../util/printable.js';

/** Thrown by `result()` if the upload ended without a receipt. Its message is one printable line. */
export class UploadFailedError extends Error {
  override readonly name = 'UploadFailedError';
  /** Code of the error table, or `CANCELLED` or `TERMINATED` if somebody ended the workflow. */
  readonly code: ErrorCode | 'CANCELLED' | 'TERMINATED';
  readonly workflowId: string;

  constructor(code: UploadFailedError['code'], message: string, workflowId: string, options?: ErrorOptions) {
    super(printable(message), options);
    this.code = code;
    this.workflowId = workflowId;
  }
}
