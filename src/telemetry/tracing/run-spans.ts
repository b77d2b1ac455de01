import {
  type Context,
  defaultTextMapGetter,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type Tracer,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { type IdGenerator, RandomIdGenerator } from '@opentelemetry/sdk-trace-base';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { z } from 'zod';
import { ATTRIBUTES } from '../../contract/trace-names.js';
import type { TracedRun } from './types.js';

const headerSchema = z.object({ traceparent: z.string(), tracestate: z.string().optional() });
const traceContext = new W3CTraceContextPropagator();

/** Generates random ids, except for the spans of runs. */
export class SpanIds implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  #runId: string | undefined;

  generateTraceId = (): string => this.#runId ?? this.#random.generateTraceId();
  generateSpanId = (): string => this.#runId?.slice(16) ?? this.#random.generateSpanId();

  /**
   * Creates the span of a run. Its ids are derived from the run id, so that every worker uses the same parent span for its
   * activities of the run, and one of them ends it. A run without a trace starts a new trace.
   */
  spanOf({ workflowType, workflowId, runId, header, startedAt }: TracedRun, tracer: Tracer): Span {
    this.#runId = runId.replaceAll('-', '');
    try {
      return tracer.startSpan(
        `RunWorkflow:${workflowType}`,
        {
          kind: SpanKind.SERVER,
          attributes: { [ATTRIBUTES.workflowId]: workflowId, [ATTRIBUTES.runId]: runId },
          ...(startedAt ? { startTime: startedAt } : {}),
        },
        contextOf(header),
      );
    } finally {
      this.#runId = undefined;
    }
  }
}

/** Returns the trace context in a header. Any client can set the header, so invalid content is ignored. */
function contextOf(header: Payload | undefined): Context {
  if (!header) return ROOT_CONTEXT;
  try {
    const carrier = headerSchema.parse(defaultPayloadConverter.fromPayload(header));
    return traceContext.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
  } catch {
    return ROOT_CONTEXT;
  }
}
