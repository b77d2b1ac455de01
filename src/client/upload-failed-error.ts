import type { ErrorCode } from '../contract/errors.js';

/** Thrown by `result()` if the upload ended without a receipt. */
export class UploadFailedError extends Error {
  override readonly name = 'UploadFailedError';
  /** Code of the error table, or `CANCELLED` or `TERMINATED` if somebody ended the workflow. */
  readonly code: ErrorCode | 'CANCELLED' | 'TERMINATED';
  readonly workflowId: string;

  constructor(code: UploadFailedError['code'], message: string, workflowId: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.workflowId = workflowId;
  }
}
