import type { RecordInput, WrittenRecord } from './ending.js';
import type { Remedy } from './error-traits.js';
import type { Completion, ContentProof, Receipt, StartedExecution } from './receipt.js';
import type { ExecutionRequest, UploadRequest } from './request.js';
import type { FetchInput, ResultsPackage } from './results.js';
import type { Section } from './sections.js';
import type { RunRef } from './stored-file.js';

/** Identifies an uploaded file at Aplos. Older responses of the API have no file id. */
export interface FileRef {
  readonly fileId?: string;
  /** Absent for a file that another run or program uploaded, if only its ID is known. So is the key. */
  readonly bucket?: string;
  readonly key?: string;
}

/** Permission to store one object in S3. Its fields are credentials, and secret until they expire. */
export interface PresignedPost {
  readonly url: string;
  /** Form fields, in the order in which they have to be sent. */
  readonly fields: Readonly<Record<string, string>>;
  /** Time of the request for it by the worker's clock: ISO 8601, UTC. */
  readonly requestedAt?: string;
  /** Time of expiry by the worker's clock: ISO 8601, UTC. */
  readonly expiresAt: string;
}

/** Evidence that the worker collected while it posted a file to S3. */
export interface UploadEvidence {
  /** HTTP status. */
  readonly status: number;
  /** ETag without its quotes. */
  readonly etag?: string;
  /** Encryption that S3 reports, e.g. `aws:kms`, with which the ETag is not an MD5. */
  readonly serverSideEncryption?: string;
  /** MD5 of the bytes that were sent, in hex. */
  readonly md5: string;
  /** SHA-256 of the bytes that were sent, in hex. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Seconds from the first byte to the response. */
  readonly seconds: number;
  /** Request id that S3 assigned, for AWS support. */
  readonly requestId?: string;
  /** Version of an `s3:` source that was read, if its bucket is versioned. */
  readonly sourceVersionId?: string;
}

/** Start and end of the attempt that succeeded. */
export interface StepTiming {
  /** ISO 8601, UTC, by the worker's clock. */
  readonly startedAt: string;
  /** ISO 8601, UTC, by the worker's clock. */
  readonly finishedAt: string;
  /** Number of the attempt, from 1. */
  readonly attempts: number;
}

/** Result of a step, with its timing. */
export type Timed<Result> = Result & { readonly ran: StepTiming };

/** A file record at Aplos and the presigned POST for it. `presigned` is secret. */
export interface PresignResult {
  readonly file: FileRef;
  readonly presigned: PresignedPost;
  /** Absent if the server of the source does not report the size. */
  readonly sizeBytes?: number;
}

/** Result of a confirmed upload. */
export interface Confirmation {
  /** File state that Aplos reports, e.g. `ready`; `unknown` if Aplos does not report it. */
  readonly fileState: string;
  /** Version of the Aplos API that was used. */
  readonly apiVersion: 'v1' | 'v3';
  /** True if the ETag is an MD5, and so proves that S3 stored the bytes that were sent. */
  readonly etagIsMd5: boolean;
  /** See {@link Receipt.reportedSizeBytes}. */
  readonly reportedSizeBytes?: number;
  /** See {@link Receipt.reportedChecksum}. */
  readonly reportedChecksum?: 'md5' | 'sha256';
}

/** Result of checking a file that Aplos already has. */
export interface StoredFileConfirmation {
  readonly file: FileRef;
  /** See {@link Confirmation.apiVersion}. */
  readonly apiVersion: 'v1' | 'v3';
  /** See {@link Confirmation.fileState}. */
  readonly fileState: string;
  /** Absent if neither Aplos nor the run that uploaded the file reports it. */
  readonly sizeBytes?: number;
  readonly md5?: string;
  readonly sha256: string;
  /** See {@link Receipt.contentProof}. */
  readonly contentProof: ContentProof;
  readonly storedBy?: RunRef;
  readonly reportedSizeBytes?: number;
  readonly reportedChecksum?: 'md5' | 'sha256';
}

/** Validated request, and what the settings of the worker add to it. */
export type CheckedRequest = UploadRequest & {
  /** True if the account's settings name a URL for webhooks. Default: `false` */
  readonly accountHasWebhook?: true;
  /** True if the settings say where records are written. Default: `false` */
  readonly keepsRecords?: true;
};

/** Upload request without its executions. The steps that do not need them omit them to keep the history small. */
export type FileRequest = Omit<UploadRequest, 'executions'>;

/** Input of `startExecution`. */
export interface StartInput {
  readonly profile: string;
  readonly fileName: string;
  readonly file: FileRef;
  /** SHA-256 of the uploaded bytes in hex: part of the tracking id. */
  readonly sha256: string;
  readonly label: string;
  readonly execution: Omit<ExecutionRequest, 'label'>;
  /** When this run was started: ISO 8601, UTC, by Temporal's clock. */
  readonly runStartedAt: string;
}

/** Input of `awaitExecution`. */
export interface AwaitInput {
  readonly profile: string;
  readonly fileName: string;
  readonly label: string;
  readonly executionId: string;
}

/** Result of an earlier run for the same work. */
export interface EarlierUpload {
  /** Its receipt, with the present status of its executions. Absent if Aplos lacks something that it did, or the receipt is gone. */
  readonly receipt?: Receipt;
}

/** Activities of the workflow, in order. Each throws an `ApplicationFailure` with an error code as its type. */
export interface UploadActivities {
  /** Validates the request and fills in its defaults. Runs as a local activity. */
  checkRequest(input: unknown, argumentCount: number): Promise<CheckedRequest>;
  /**
   * Reports whether a worker serves a host, as far as Temporal knows. Runs as a local activity, in parallel to a step that only
   * this host can run.
   */
  lookForWorker(input: { host: string }): Promise<boolean>;
  /** Finds out whether the run that a request repeats did the work, and Aplos still has it. */
  findEarlierUpload(input: { request: UploadRequest }): Promise<Timed<EarlierUpload>>;
  /** Checks the file, and requests a file record and a presigned POST for it from Aplos. */
  presignUpload(input: {
    request: FileRequest;
    /** Sections that the executions of the request have. */
    sections?: readonly Section[];
  }): Promise<Timed<PresignResult>>;
  /** Posts the file to S3. Heartbeats an `UploadHeartbeat`. */
  uploadFile(input: {
    request: FileRequest;
    presigned: PresignedPost;
    /**
     * When this run was started, if it starts executions next: ISO 8601, UTC, by Temporal's clock. The step then reads the list of
     * executions ahead. Default: it does not
     */
    runStartedAt?: string;
  }): Promise<Timed<UploadEvidence>>;
  /** Verifies the upload: status 204, matching MD5, and a file that Aplos can read. */
  confirmUpload(input: {
    request: FileRequest;
    file: FileRef;
    evidence: UploadEvidence;
  }): Promise<Timed<Confirmation>>;
  /** Checks that Aplos has the file of an `aplos:` source, that it can read it, and that its bytes are those of the request. */
  confirmStoredFile(input: {
    request: FileRequest;
    /** Sections that the executions of the request have. */
    sections: readonly Section[];
  }): Promise<Timed<StoredFileConfirmation>>;
  /** Starts one execution, exactly once over all attempts and runs. */
  startExecution(input: StartInput): Promise<Timed<StartedExecution>>;
  /**
   * Checks once whether an execution has ended. While it is at work, the attempt fails with `EXECUTION_PENDING`, and Temporal
   * retries it at growing intervals.
   */
  awaitExecution(input: AwaitInput): Promise<Timed<Completion>>;
  /** Downloads the results of an execution, checks them, and stores them. Heartbeats a `FetchHeartbeat`. */
  fetchResults(input: FetchInput): Promise<Timed<ResultsPackage>>;
  /** Writes the record of a run that is about to end, once, however often it is called. */
  writeRecord(input: RecordInput): Promise<Timed<WrittenRecord>>;
}

/** First entry in the details of a failure, for programs. */
export interface FailureDetails {
  readonly code: string;
  /** Remedy for this failure. What is retried briefly is `retry` at first, and then `final`. */
  readonly remedy: Exclude<Remedy, 'retry-briefly'>;
  /** True if an upload failed before anything was sent. Default: `false` */
  readonly notSent?: boolean;
  /** See {@link CheckedRequest.keepsRecords}. Only if there is no request that says so. */
  readonly keepsRecords?: boolean;
}
