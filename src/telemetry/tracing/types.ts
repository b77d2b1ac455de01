import type { Span, Tracer } from '@opentelemetry/api';
import type { Payload } from '@temporalio/common';

/** Options for sending traces. */
export interface TracingOptions {
  /** Service name that tracing backends show. `OTEL_SERVICE_NAME` overrides it. */
  readonly serviceName: string;
  /** Base URLs whose paths contain no secret and no file name, so that spans may include them. Default: none */
  readonly readablePaths?: readonly string[];
  /** Timeout for sending one batch, and for sending the rest at the end, in milliseconds. */
  readonly flushMs: number;
  /** Called with one line when traces are enabled but cannot be sent, and again only after sending succeeded in between. */
  readonly warn: (line: string) => void;
}

/** A workflow run, as far as each of its activities knows it. */
export interface TracedRun {
  readonly workflowType: string;
  readonly workflowId: string;
  readonly runId: string;
  /** Header with the trace context that the run was started with. */
  readonly header?: Payload | undefined;
  /** Start time of the span. Default: now */
  readonly startedAt?: Date | undefined;
}

/** Sends the traces of a process. */
export interface TraceSender {
  readonly tracer: Tracer;
  /** Creates the span of a run. It has the same ids in every process, and only the process that ends it sends it. */
  runSpan(run: TracedRun): Span;
  /** Sends the remaining spans, for at most `flushMs`, and stops. Never throws. */
  stop(): Promise<void>;
}
