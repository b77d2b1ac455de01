import {
  type Attributes,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { Info } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ActivityInterceptors, InjectedSinks, WorkerOptions } from '@temporalio/worker';
import { ATTRIBUTES, TRACE_HEADER } from '../../contract/trace-names.js';
import type { TraceSinks } from '../../contract/trace-sinks.js';
import type { TraceSender } from './types.js';

/** What a worker is given to trace the runs and activities that it works on. Without traces: what the workflow needs to run. */
export function workerTracing(
  traces: TraceSender | undefined,
): Pick<WorkerOptions, 'interceptors' | 'sinks'> {
  if (!traces) return { sinks: sinksWith(() => {}) };
  return {
    sinks: sinksWith(({ workflowId, runId, runStartTime }, { header, endedAtMs, failedWith }) => {
      const span = traces.runSpan({ workflowId, runId, header, startedAt: runStartTime });
      if (failedWith) markFailed(span, failedWith);
      span.end(endedAtMs);
    }),
    interceptors: { activity: [({ info }) => tracedActivity(traces, info)] },
  };
}

const sinksWith = (ended: InjectedSinks<TraceSinks>['traces']['ended']['fn']): InjectedSinks<TraceSinks> => ({
  traces: { ended: { fn: ended } },
});

/** One attempt of an activity. Its failure is told by its code alone. */
function tracedActivity(
  traces: TraceSender,
  { workflowExecution, activityType, activityId, attempt }: Info,
): ActivityInterceptors {
  const { workflowId = '', runId = '' } = workflowExecution ?? {};
  const attributes = {
    [ATTRIBUTES.workflowId]: workflowId,
    [ATTRIBUTES.runId]: runId,
    [ATTRIBUTES.activityId]: activityId,
    [ATTRIBUTES.attempt]: attempt,
  };
  let inLogs: Record<string, string> = {};
  return {
    inbound: {
      execute(input, next) {
        const run = traces.runSpan({ workflowId, runId, header: input.headers[TRACE_HEADER] });
        return traces.tracer.startActiveSpan(
          `RunActivity:${activityType}`,
          { kind: SpanKind.SERVER, attributes: { ...attributes, ...whatItIsAbout(input.args[0]) } },
          trace.setSpan(ROOT_CONTEXT, run),
          async (span) => {
            const { traceId, spanId } = span.spanContext();
            inLogs = { trace_id: traceId, span_id: spanId };
            try {
              const result = await next(input);
              span.setAttributes(whatItIsAbout(result));
              return result;
            } catch (error) {
              markFailed(span, nameOf(error));
              throw error;
            } finally {
              span.end();
            }
          },
        );
      },
    },
    outbound: { getLogAttributes: (input, next) => next({ ...input, ...inLogs }) },
  };
}

/** Of inputs and results, what the list of workflows shows too. */
function whatItIsAbout(value: unknown): Attributes {
  const { request, profile, file } = (value ?? {}) as {
    readonly request?: { readonly profile?: string };
    readonly profile?: string;
    readonly file?: { readonly fileId?: string };
  };
  return { [ATTRIBUTES.profile]: request?.profile ?? profile, [ATTRIBUTES.fileId]: file?.fileId };
}

const CANCELLED = 'cancelled';

function markFailed(span: Span, name: string): void {
  span.setAttribute(ATTRIBUTES.error, name);
  if (name !== CANCELLED) span.setStatus({ code: SpanStatusCode.ERROR });
}

function nameOf(error: unknown): string {
  if (error instanceof CancelledFailure) return CANCELLED;
  return (error instanceof ApplicationFailure && error.type) || 'INTERNAL';
}
