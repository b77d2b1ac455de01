import type { ExecutionRequest } from '../contract/request.js';
import type { Section } from '../contract/sections.js';
import type { FileRef, PresignedPost } from '../contract/steps.js';
import type { Subscription } from '../contract/subscription.js';

export type { Subscription } from '../contract/subscription.js';

/** A file record at Aplos and the presigned POST for it. `presigned` is secret until it expires. */
export interface PresignResponse {
  readonly file: FileRef;
  readonly presigned: PresignedPost;
}

/** State of an uploaded file at Aplos. */
export interface FileState {
  /**
   * Whether Aplos can read the file. `unnoticed`: Aplos does not know yet that it was uploaded. `pending`: Aplos still works on it,
   * and reports when it is done. `usable`: an execution may be started, and waits for the file at Aplos if necessary.
   */
  readonly readiness: 'ready' | 'usable' | 'unnoticed' | 'pending' | 'invalid';
  /** State as reported by Aplos, e.g. `converting`. */
  readonly state: string;
  readonly errors: readonly string[];
  /** Size that Aplos reports, in bytes. Absent if it reports none. */
  readonly sizeBytes?: number | undefined;
  /** Checksum that Aplos reports, as text of unknown algorithm. Absent if it reports none. */
  readonly checksum?: string | undefined;
}

/** An execution in the list of Aplos. */
export interface ExecutionRecord {
  readonly executionId: string;
  /** Status as reported by Aplos, in lower case, e.g. `queuing` or `complete`. */
  readonly status: string;
  readonly errors: readonly string[];
  /** Identity that {@link AplosApi.startExecution} sent with the start; absent if another program started the execution. */
  readonly work?: Work;
  /**
   * Whether the execution has what the identity is stored in: metadata in version 1, a name in version 3. `undefined` if the
   * response does not say.
   */
  readonly hasMarks: boolean | undefined;
  /** File that it analyses. Absent if Aplos does not report it. */
  readonly fileId?: string | undefined;
  /** What Aplos reports about the work. Absent in lists, except for executions that somebody waits for. */
  readonly report?: ExecutionReport;
  /** Set if the record was read earlier, and the execution may have another status by now. */
  readonly isRemembered?: true;
}

/** Work of an execution as Aplos reports it. Each property is absent if Aplos does not report it. */
export interface ExecutionReport {
  /** Current phase in the words of Aplos. */
  readonly phase?: string;
  readonly completedPhases?: number;
  readonly totalPhases?: number;
  /** Progress in percent. */
  readonly percent?: number;
  readonly warnings?: readonly string[];
  /** Time of the end by the clock of Aplos: ISO 8601, UTC. */
  readonly completedAt?: string;
  /** Duration in seconds. */
  readonly seconds?: number;
  /** Versions of the parts of the engine, by their names. */
  readonly engineVersions?: Readonly<Record<string, string>>;
}

/** Identity of the work of an execution, which is sent with the start to find the execution in a list. */
export interface Work {
  /** See {@link trackingIdFor}. */
  readonly trackingId: string;
  /** See {@link contentIdFor}. */
  readonly contentId?: string | undefined;
  /** See {@link fileVersionIdFor}. */
  readonly fileVersionId?: string | undefined;
  readonly fileName?: string | undefined;
  /** Time of the start by the worker's clock: ISO 8601, UTC. */
  readonly requestedAt?: string | undefined;
  /** Reason to run the analysis again. */
  readonly again?: string | undefined;
}

/** One analysis of one file. */
export interface StartRequest {
  readonly file: FileRef;
  /** Name of the analysis for people. It is not part of the work's identity. */
  readonly label: string;
  readonly execution: Omit<ExecutionRequest, 'label' | 'again'>;
  readonly work: Work;
}

/** Response to a start that Aplos accepted. */
export interface AcceptedStart {
  readonly executionId: string;
  /** Status as reported by Aplos, in lower case. `throttled`: Aplos accepted the start, and runs it after a delay. */
  readonly status: string;
  /** Delay that Aplos reported for a throttled execution, in seconds. */
  readonly delaySeconds?: number | undefined;
}

/** IDs of executions. */
export type ExecutionIds = Pick<ReadonlyMap<string, unknown>, 'has' | 'keys' | 'size'>;

/** Version of the API. */
export type ApiVersion = 'v1' | 'v3';

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
   * @throws {@link UploadError} `EXECUTION_REFUSED`, `EXECUTION_REJECTED` or `ALLOCATION_EXHAUSTED` if Aplos refused to start it,
   * `SECTION_UNSUPPORTED` without a call
   */
  startExecution(start: StartRequest, options?: StartOptions): Promise<AcceptedStart>;
  /**
   * Checks that this version of the API takes all sections of a request.
   *
   * @throws {@link UploadError} `SECTION_UNSUPPORTED`
   */
  assertTakes(sections: readonly Section[]): Promise<void>;
  /**
   * Lists the executions of the user. The newest ones may be missing, and records that were read earlier may be outdated.
   *
   * @param awaited executions whose records have reports, and are current where that takes fewer calls than one for each. Default: none
   */
  listExecutions(awaited?: ExecutionIds): Promise<readonly ExecutionRecord[]>;
  /** Returns one execution. */
  execution(executionId: string, signal?: AbortSignal): Promise<ExecutionRecord>;
  /**
   * Returns a presigned link to the results of an execution. It is secret until it expires.
   *
   * @throws {@link UploadError} `RESULTS_UNAVAILABLE` if Aplos has none: final if the execution ended without results, with the
   * detail `isPending` if it has not ended. `RESULTS_FORBIDDEN` if the subscription does not allow the download
   */
  resultsLink(executionId: string, signal?: AbortSignal): Promise<string>;
  /**
   * Cancels an execution. Only its status tells whether that took effect.
   *
   * @returns `false` without a call if this version of the API offers no cancellation
   */
  cancelExecution(executionId: string, signal?: AbortSignal): Promise<boolean>;
  /** Returns what Aplos reports about the subscription. Empty if Aplos does not offer the calls. */
  subscription(): Promise<Subscription>;
  /** Returns the version of the API that is used. */
  version(): Promise<ApiVersion>;
}
