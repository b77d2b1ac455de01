import { workflowInfo } from '@temporalio/workflow';
import type { Receipt, StartedExecution, StepRecord } from '../contract/receipt.js';
import type { UploadRequest } from '../contract/request.js';
import { shownSource } from '../contract/source.js';
import type { Confirmation, FileRef, StepTiming, Timed, UploadEvidence } from '../contract/steps.js';

/** What is known of a file once it is stored. */
export interface StoredUpload {
  readonly file: FileRef;
  readonly presigned: StepTiming;
  readonly evidence: Timed<UploadEvidence>;
  readonly confirmation: Timed<Confirmation>;
  readonly presigns: number;
}

export function receiptOf(
  request: UploadRequest,
  upload: StoredUpload,
  executions: readonly Timed<StartedExecution>[],
): Receipt {
  const { workflowId, runId } = workflowInfo();
  const { profile, source, host, fileName, requestedBy, batch } = request;
  const { file, evidence, confirmation, presigns, presigned } = upload;
  return {
    workflowId,
    runId,
    profile,
    source: shownSource(source),
    ...(host === undefined ? {} : { host }),
    ...(evidence.sourceVersionId === undefined ? {} : { sourceVersionId: evidence.sourceVersionId }),
    fileName,
    ...file,
    sizeBytes: evidence.sizeBytes,
    md5: evidence.md5,
    sha256: evidence.sha256,
    ...(evidence.etag === undefined ? {} : { etag: evidence.etag }),
    etagIsMd5: confirmation.etagIsMd5,
    status: evidence.status,
    fileState: confirmation.fileState,
    executions: executions.map(({ ran, ...execution }) => execution),
    steps: [
      { step: 'presign', ...presigned },
      { step: 'upload', ...evidence.ran },
      { step: 'confirm', ...confirmation.ran },
      ...executions.map(({ label, ran }): StepRecord => ({ step: 'start', label, ...ran })),
    ],
    presigns,
    ...(requestedBy ? { requestedBy } : {}),
    ...(batch ? { batch } : {}),
  };
}
