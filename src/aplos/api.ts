import type { ExecutionRequest } from '../contract/request.js';
import type { FileRef, PresignedPost } from '../contract/steps.js';

/** A place for one file, and the form that puts it there. `presigned` is secret until it expires. */
export interface PresignResponse {
  readonly file: FileRef;
  readonly presigned: PresignedPost;
}

/** What the service makes of an uploaded file. */
export interface FileState {
  readonly verdict: 'ready' | 'invalid' | 'pending';
  /** In the service's own words. */
  readonly state: string;
  readonly errors: readonly string[];
}

/** An execution as the service lists it. */
export interface ExecutionRecord {
  readonly executionId: string;
  /** In the service's own words, lower case: `queuing`, `complete`… */
  readonly status: string;
  readonly errors: readonly string[];
  /** What {@link AplosApi.startExecution} put into its metadata; absent for executions started elsewhere. */
  readonly trackingId?: string;
  /** Whether the service gave the execution's metadata at all. */
  readonly hasMetaData: boolean;
}

/** What to start: one analysis of one file. */
export interface StartRequest {
  readonly file: FileRef;
  readonly execution: Omit<ExecutionRequest, 'label'>;
  /** Goes into the metadata, so that the execution can be recognised in a list. */
  readonly trackingId: string;
}

/**
 * The Aplos NCA API, whichever of its versions is spoken. Each call is made once; a token that ran out on
 * the way is renewed once. All throw {@link UploadError} with an `API_…` or `LOGIN_…` code.
 */
export interface AplosApi {
  /** Asks for a place for a file and a presigned POST to it. Charges nothing. */
  presignUpload(fileName: string, signal?: AbortSignal): Promise<PresignResponse>;
  /** Asks what the service makes of an uploaded file. */
  fileState(fileId: string, signal?: AbortSignal): Promise<FileState>;
  /**
   * Starts an execution. Each success is paid for; an error that is retryable leaves open whether it was started.
   * The signal keeps the call from being made, and does not cut it once it is.
   *
   * @throws {@link UploadError} `EXECUTION_REFUSED` or `ALLOCATION_EXHAUSTED` when the service said no
   */
  startExecution(start: StartRequest, signal?: AbortSignal): Promise<{ executionId: string; status: string }>;
  /** All executions of the user, as far as the service lists them. The list may lag behind. */
  listExecutions(): Promise<readonly ExecutionRecord[]>;
  /** One execution. */
  execution(executionId: string, signal?: AbortSignal): Promise<ExecutionRecord>;
}
