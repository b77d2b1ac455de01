/** A payload of Temporal, still encoded. */
interface EncodedPayload {
  readonly metadata?: Record<string, Uint8Array> | null;
  readonly data?: Uint8Array | null;
}

/** A run that has ended, as its trace needs to know it. */
export interface EndedRun {
  /** Trace header that the run was started with. Default: none. */
  readonly header?: EncodedPayload;
  /** Milliseconds since 1970, by the clock of the Temporal server. */
  readonly endedAtMs: number;
  /** Error code of the run, or `cancelled`; absent if the run succeeded. */
  readonly failedWith?: string;
}

/** Sinks through which the workflow reports the end of a run to the worker. */
export type TraceSinks = { readonly traces: { ended(run: EndedRun): void } };
