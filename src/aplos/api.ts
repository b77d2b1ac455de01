import type { ExecutionRequest } from '../contract/request.js';
import type { FileRef, PresignedPost } from '../contract/steps.js';

/** A file record at Aplos and the presigned POST for it. `presigned` is secret until it expires. */
export interface PresignResponse {
  readonly file: FileRef;
  readonly presigned: PresignedPost;
}

/** State of an uploaded file at Aplos. */
export interface FileState {
  /** Whether Aplos can read the file; `pending` while it converts the file. */
  readonly readiness: 'ready' | 'invalid' | 'pending';
  /** State as reported by Aplos, e.g. `converting`. */
  readonly state: string;
  readonly errors: readonly string[];
}

/** An execution in the list of Aplos. */
export interface ExecutionRecord {
  readonly executionId: string;
  /** Status as reported by Aplos, in lower case, e.g. `queuing` or `complete`. */
  readonly status: string;
  readonly errors: readonly string[];
  /** Identity that {@link AplosApi.startExecution} added to the metadata; absent if another program started it. */
  readonly work?: Work;
  /** Whether the execution has metadata. `undefined` if the response does not say. */
  readonly hasMetaData: boolean | undefined;
}

/** Identity of the work of an execution. It is added to the metadata, to find the execution in a list. */
export interface Work {
  /** See {@link trackingIdFor}. */
  readonly trackingId: string;
  /** See {@link contentIdFor}. */
  readonly contentId?: string | undefined;
  readonly fileName?: string | undefined;
  /** Time of the start by the worker's clock: ISO 8601, UTC. */
  readonly requestedAt?: string | undefined;
  /** Reason to run the analysis again. */
  readonly again?: string | undefined;
}

/** One analysis of one file. */
export interface StartRequest {
  readonly file: FileRef;
  readonly execution: Omit<ExecutionRequest, 'label' | 'again'>;
  readonly work: Work;
}

/** Options of a start. */
export interface StartOptions {
  /** Prevents the call, but does not interrupt it. */
  readonly signal?: AbortSignal;
  /** Called right before the start is sent. The function that it returns throws if it must not be sent any more. */
  readonly beforeSending?: () => Promise<() => void>;
}

/**
 * The Aplos NCA API, independent of its version. Each call is made once, or twice if its token had expired.
 * All methods throw {@link UploadError} with an `API_…` or `LOGIN_…` code.
 */
export interface AplosApi {
  /** Requests a file record and a presigned POST for it. Free of charge. */
  presignUpload(fileName: string, signal?: AbortSignal): Promise<PresignResponse>;
  /** Returns the state of an uploaded file. */
  fileState(fileId: string, signal?: AbortSignal): Promise<FileState>;
  /**
   * Starts an execution. Each success is charged. After an error with the trait `mayHaveStarted`, it is unknown whether it was
   * started.
   *
   * @throws {@link UploadError} `EXECUTION_REFUSED` or `ALLOCATION_EXHAUSTED` if Aplos refused to start it
   */
  startExecution(
    start: StartRequest,
    options?: StartOptions,
  ): Promise<{ executionId: string; status: string }>;
  /** Lists the executions of the user. The newest ones may be missing. */
  listExecutions(): Promise<readonly ExecutionRecord[]>;
  /** Returns one execution. */
  execution(executionId: string, signal?: AbortSignal): Promise<ExecutionRecord>;
}
