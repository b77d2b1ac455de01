import type { CancelOutcome, ReplayOutcome, ResultsOutcome, UploadStatus } from '../../client.js';
import { type ErrorCode, errorTable, UploadError } from '../../contract/errors.js';
import type { Receipt } from '../../contract/receipt.js';

/** Fields that every line of `--json` has which is about a file that something is wrong with. */
export interface ProblemRecord {
  /** Path or URL of the file, as the user wrote it; its name if the path is not known. */
  readonly file: string;
  /** Absent if nothing was started. */
  readonly workflowId?: string;
  /** `not-started`, `failed`, or `unknown` if Temporal is unavailable, so that the upload may go on. */
  readonly state: 'not-started' | 'failed' | 'unknown';
  readonly code: ErrorCode;
  /** What happened, and what to do. */
  readonly message: string;
}

/** Returns the line about a file that something is wrong with. */
export const problemRecord = (
  state: ProblemRecord['state'],
  file: string,
  error: unknown,
  workflowId?: string,
): ProblemRecord => ({
  file,
  ...(workflowId === undefined ? {} : { workflowId }),
  state,
  code: error instanceof UploadError ? error.code : 'INTERNAL',
  message: error instanceof Error ? error.message : String(error),
});

/**
 * Returns the line about the status of an upload: with its failure, if it failed, in the fields of a {@link ProblemRecord}.
 *
 * @param page page of the upload in the Temporal UI, if it is known
 */
export const statusRecord = ({ failure, ...status }: UploadStatus, page?: string) => ({
  file: status.fileName ?? status.workflowId,
  ...status,
  ...(page === undefined ? {} : { page }),
  ...(failure ? { ...failure, failure } : {}),
});

/** Returns the line about an upload that Temporal does not have. */
export const unknownRecord = (workflowId: string): ProblemRecord => {
  const { meaning, action } = errorTable.UPLOAD_UNKNOWN;
  return {
    file: workflowId,
    workflowId,
    state: 'unknown',
    code: 'UPLOAD_UNKNOWN',
    message: `${meaning} ${action}`,
  };
};

/** Returns the line about a replayed upload: why it was skipped, if it was, in the fields of a {@link ProblemRecord}. */
export const replayRecord = (outcome: ReplayOutcome) => ({
  file: outcome.fileName ?? outcome.workflowId,
  ...outcome,
  ...(outcome.errorCode === undefined ? {} : { code: outcome.errorCode }),
  ...(outcome.state === 'skipped' ? { message: `Skipped, because ${outcome.explanation}.` } : {}),
});

/** Returns the line about an upload that was cancelled. */
export const cancelRecord = (outcome: CancelOutcome) => ({
  file: outcome.fileName ?? outcome.workflowId,
  ...outcome,
});

/** Returns the line about the results of an execution: where they are, or why they could not be fetched. */
export const resultsRecord = ({ error, ...outcome }: ResultsOutcome) => ({
  file: outcome.fileName ?? outcome.workflowId,
  ...outcome,
  state: error ? ('failed' as const) : ('done' as const),
  ...(error ? { code: error.code, message: error.message } : {}),
});

/** Returns the line about an upload that is done: its receipt. */
export const doneRecord = (file: string, receipt: Receipt) => ({ file, state: 'done' as const, ...receipt });
