import type { StartedExecution } from './receipt.js';
import type { ExecutionRequest, UploadRequest } from './request.js';

/** What names an uploaded file to the service. The vendor's older answers carry no file id. */
export interface FileRef {
  readonly fileId?: string;
  readonly bucket: string;
  readonly key: string;
}

/** A form that puts one object into S3. Its fields are credentials: secret until they expire. */
export interface PresignedPost {
  readonly url: string;
  /** In the order in which they came, which is the order in which they are sent. */
  readonly fields: Readonly<Record<string, string>>;
  /** ISO 8601, UTC, by our own clock. */
  readonly expiresAt: string;
}

/** What was observed while a file was posted to S3. */
export interface UploadEvidence {
  /** The HTTP status. */
  readonly status: number;
  /** Without its quotes. */
  readonly etag?: string;
  /** S3's word on how the object is encrypted, e.g. `aws:kms`: the ETag is then no MD5. */
  readonly serverSideEncryption?: string;
  /** Of the bytes that were sent, in hex. */
  readonly md5: string;
  /** Of the bytes that were sent, in hex. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** From the first byte to the answer. */
  readonly seconds: number;
  /** S3's id of the request, for its support. */
  readonly requestId?: string;
  /** Which version of an `s3:` source was read, where its bucket has versions. */
  readonly sourceVersionId?: string;
}

/** When the attempt that succeeded ran, and which attempt it was. */
export interface StepTiming {
  /** ISO 8601, UTC, by the worker's clock. */
  readonly startedAt: string;
  /** ISO 8601, UTC, by the worker's clock. */
  readonly finishedAt: string;
  /** 1 for the first. */
  readonly attempts: number;
}

/** The result of a step, and when it ran. */
export type Timed<Result> = Result & { readonly ran: StepTiming };

/** A place for the file at the service. `presigned` is secret. */
export interface PresignResult {
  readonly file: FileRef;
  readonly presigned: PresignedPost;
  /** Absent where the source's server does not tell it. */
  readonly sizeBytes?: number;
}

/** The judgement on an upload. */
export interface Confirmation {
  /** In the service's own words; `unknown` where the service does not tell. */
  readonly fileState: string;
  /** Whether the ETag is an MD5, and so proves that what S3 has is what was sent. */
  readonly etagIsMd5: boolean;
}

/** What is asked for of one file. Its executions stay out of the steps that do not need them: a history has room for so much. */
export type FileRequest = Omit<UploadRequest, 'executions'>;

/** What `startExecution` is asked. */
export interface StartInput {
  readonly profile: string;
  readonly fileName: string;
  readonly file: FileRef;
  /** Of the uploaded bytes: with the rest it makes the tracking id. */
  readonly sha256: string;
  readonly label: string;
  readonly execution: Omit<ExecutionRequest, 'label'>;
  /** Whether this run is a replay of one that may have got this far. */
  readonly isReplay: boolean;
}

/** What the workflow has done for it, in order. Each throws an `ApplicationFailure` whose type is an error code. */
export interface UploadActivities {
  /** Checks the request and fills in its defaults, given how many arguments came. Runs as a local activity. */
  checkRequest(input: unknown, argumentCount: number): Promise<UploadRequest>;
  /**
   * Whether a worker serves a host, as far as Temporal knows. Runs as a local activity, beside a step that is for that
   * host alone.
   */
  lookForWorker(input: { host: string }): Promise<boolean>;
  /** Looks at the file and asks the service for a place for it. */
  presignUpload(input: { request: FileRequest }): Promise<Timed<PresignResult>>;
  /** Posts the file to S3. Heartbeats an `UploadHeartbeat`. */
  uploadFile(input: { request: FileRequest; presigned: PresignedPost }): Promise<Timed<UploadEvidence>>;
  /** Judges the evidence: 204, the right sums, and a file that the service can read. */
  confirmUpload(input: {
    request: FileRequest;
    file: FileRef;
    evidence: UploadEvidence;
  }): Promise<Timed<Confirmation>>;
  /** Starts one execution, once, whatever happened before. */
  startExecution(input: StartInput): Promise<Timed<StartedExecution>>;
}

/** What a failure tells programs, as the first of its details. */
export interface FailureDetails {
  readonly code: string;
  readonly remedy: 'retry' | 'presign-again' | 'final';
}
