import type { Span, Tracer } from '@opentelemetry/api';
import type { Payload } from '@temporalio/common';

/** Who sends traces, and what for. */
export interface TracingOptions {
  /** What backends show, unless `OTEL_SERVICE_NAME` says otherwise. */
  readonly serviceName: string;
  /** Base URLs whose paths may be told, as they hold no secret and no file name. Default: none */
  readonly readablePaths?: readonly string[];
  /** How long a piece may take to be sent, and all that is left at the end, in milliseconds. */
  readonly flushMs: number;
  /** Told in one line, once, when traces are asked for but cannot be sent. */
  readonly warn: (line: string) => void;
}

/** A run of the workflow, as each of its activities knows it. */
export interface TracedRun {
  readonly workflowId: string;
  /** A UUID. */
  readonly runId: string;
  /** The trace that the run was started in. */
  readonly header?: Payload | undefined;
  /** Default: now */
  readonly startedAt?: Date | undefined;
}

/** What sends traces. */
export interface TraceSender {
  readonly tracer: Tracer;
  /** The span of a run: the same for whoever makes it, and sent only by who ends it. */
  runSpan(run: TracedRun): Span;
  /** Sends what is left, for a while, and ends. Never throws. */
  stop(): Promise<void>;
}
