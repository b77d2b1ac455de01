import type { ErrorCode } from '../contract/errors.js';

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
