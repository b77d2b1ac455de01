import {
  type Attributes,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { Info } from '@temporalio/activity';
import type { ActivityInterceptors, InjectedSinks, WorkerOptions } from '@temporalio/worker';
import { ATTRIBUTES, TRACE_HEADER } from '../../contract/trace-names.js';
import type { TraceSinks } from '../../contract/trace-sinks.js';
import { outcomeOf } from '../outcome.js';
import type { TraceSender } from './types.js';

/** Returns the interceptors and sinks that trace runs and activities. Without traces, the sinks ignore their calls. */
export function workerTracing(
  traces: TraceSender | undefined,
): Pick<WorkerOptions, 'interceptors' | 'sinks'> {
  if (!traces) return { sinks: sinksWith(() => {}) };
  return {
    sinks: sinksWith(
      ({ workflowType, workflowId, runId, runStartTime }, { header, endedAtMs, failedWith }) => {
        const span = traces.runSpan({ workflowType, workflowId, runId, header, startedAt: runStartTime });
        if (failedWith) markFailed(span, failedWith);
        span.end(endedAtMs);
      },
    ),
    interceptors: { activity: [({ info }) => traceActivity(traces, info)] },
  };
}

const sinksWith = (ended: InjectedSinks<TraceSinks>['traces']['ended']['fn']): InjectedSinks<TraceSinks> => ({
  traces: { ended: { fn: ended } },
});

/** Traces one attempt of an activity. Of a failure, the span contains only the code. */
function traceActivity(
  traces: TraceSender,
  { workflowType = '', workflowExecution, activityType, activityId, attempt }: Info,
): ActivityInterceptors {
  const { workflowId = '', runId = '' } = workflowExecution ?? {};
  const attributes = {
    [ATTRIBUTES.workflowId]: workflowId,
    [ATTRIBUTES.runId]: runId,
    [ATTRIBUTES.activityId]: activityId,
    [ATTRIBUTES.attempt]: attempt,
  };
  let logAttributes: Record<string, string> = {};
  return {
    inbound: {
      execute(input, next) {
        const run = traces.runSpan({ workflowType, workflowId, runId, header: input.headers[TRACE_HEADER] });
        return traces.tracer.startActiveSpan(
          `RunActivity:${activityType}`,
          { kind: SpanKind.SERVER, attributes: { ...attributes, ...subjectOf(input.args[0]) } },
          trace.setSpan(ROOT_CONTEXT, run),
          async (span) => {
            const { traceId, spanId } = span.spanContext();
            logAttributes = { trace_id: traceId, span_id: spanId };
            try {
              const result = await next(input);
              span.setAttributes(subjectOf(result));
              return result;
            } catch (error) {
              const { result, code } = outcomeOf(error);
              if (result !== 'pending') markFailed(span, code || result);
              throw error;
            } finally {
              span.end();
            }
          },
        );
      },
    },
    outbound: { getLogAttributes: (input, next) => next({ ...input, ...logAttributes }) },
  };
}

/** Returns the profile and file id in an input or result. The list of workflows shows them too. */
function subjectOf(value: unknown): Attributes {
  const { request, profile, file } = (value ?? {}) as {
    readonly request?: { readonly profile?: string };
    readonly profile?: string;
    readonly file?: { readonly fileId?: string };
  };
  return { [ATTRIBUTES.profile]: request?.profile ?? profile, [ATTRIBUTES.fileId]: file?.fileId };
}

/** Sets the error of a span. A cancellation does not count as a failure. */
function markFailed(span: Span, name: string): void {
  span.setAttribute(ATTRIBUTES.error, name);
  if (name !== 'cancelled') span.setStatus({ code: SpanStatusCode.ERROR });
}
