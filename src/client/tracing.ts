import { isSpanContextValid, type SpanContext, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { type WorkflowClientInterceptor, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { defaultPayloadConverter, type Headers } from '@temporalio/common';
import { ATTRIBUTES, TRACE_HEADER, TRACER } from '../contract/trace-names.js';
import { networkErrorName } from '../http/network-error.js';

/**
 * Creates a span for each start, and passes its context to the workflow. Uses the tracer that is registered with
 * `@opentelemetry/api`, and does nothing if there is none.
 */
export const startTracingInterceptor: WorkflowClientInterceptor = {
  startWithDetails: (input, next) =>
    trace
      .getTracer(TRACER)
      .startActiveSpan(
        `StartWorkflow:${input.workflowType}`,
        { kind: SpanKind.CLIENT, attributes: { [ATTRIBUTES.workflowId]: input.options.workflowId } },
        async (span) => {
          try {
            const headers = { ...input.headers, ...headersOf(span.spanContext()) };
            const started = await next({ ...input, headers });
            span.setAttribute(ATTRIBUTES.runId, started.runId);
            return started;
          } catch (error) {
            const wasJoined = error instanceof WorkflowExecutionAlreadyStartedError;
            const name = wasJoined ? error.name : networkErrorName(error);
            span.setAttribute(ATTRIBUTES.error, name);
            if (!wasJoined) span.setStatus({ code: SpanStatusCode.ERROR, message: name });
            throw error;
          } finally {
            span.end();
          }
        },
      ),
};

/**
 * Returns the header with a span's context. The application's own propagator is not used: it may write another format, or
 * baggage, unencrypted into the history.
 */
function headersOf(span: SpanContext): Headers {
  if (!isSpanContextValid(span)) return {};
  const { traceId, spanId, traceFlags, traceState } = span;
  const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  const tracestate = traceState?.serialize();
  return {
    [TRACE_HEADER]: defaultPayloadConverter.toPayload({ traceparent, ...(tracestate ? { tracestate } : {}) }),
  };
}
