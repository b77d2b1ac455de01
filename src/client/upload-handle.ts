import type { Receipt } from '../contract/receipt.js';
import type { UploadRequest } from '../contract/request.js';
import type { StartState } from './states.js';

/** An upload that {@link UploadClient.start} started or joined. */
export interface UploadHandle {
  readonly workflowId: string;
  readonly fileName: string;
  /** Size in the request, in bytes. */
  readonly sizeBytes?: number;
  /** Host that has the file, if only one host has it. */
  readonly host?: string;
  readonly runId: string;
  /** `started` by this call; `running`, `done` or `repeated` if the same work was requested before. */
  readonly state: StartState;
  /**
   * Waits for the receipt, without a time limit. During an outage of Temporal, it keeps waiting.
   *
   * @throws {@link UploadFailedError} if the upload ended without a receipt
   * @throws {@link UploadError} `PAYLOAD_UNREADABLE` if this process lacks the key that the receipt is encrypted with
   */
  result(): Promise<Receipt>;
}

/**
 * Returns the handle of an upload.
 *
 * @param result waits for the receipt of a run; without a run, of the latest one
 */
export function uploadHandle(
  { fileName, expect, host }: UploadRequest,
  { workflowId, runId, state }: Pick<UploadHandle, 'workflowId' | 'runId' | 'state'>,
  result: (workflowId: string, runId?: string) => Promise<Receipt>,
): UploadHandle {
  return {
    workflowId,
    fileName,
    ...(expect?.sizeBytes === undefined ? {} : { sizeBytes: expect.sizeBytes }),
    ...(host === undefined ? {} : { host }),
    runId,
    state,
    result: () => result(workflowId, state === 'done' ? runId : undefined),
  };
}
