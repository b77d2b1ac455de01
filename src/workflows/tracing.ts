import type { Headers } from '@temporalio/common';
import { proxySinks, type WorkflowInterceptors } from '@temporalio/workflow';
import { TRACE_HEADER } from '../contract/trace-names.js';
import type { EndedRun, TraceSinks } from '../contract/trace-sinks.js';
import { outcomeOf } from './outcome.js';

/**
 * Passes the trace that a run was started with to its activities, and reports the end of the run. `telemetry/tracing` creates the
 * span of the run, outside the workflow. Without a trace, nothing is added to the history.
 */
export function interceptors(): WorkflowInterceptors {
  const { traces } = proxySinks<TraceSinks>();
  let traceHeaders: Headers = {};
  const withTrace = <Input extends { readonly headers: Headers }>(input: Input): Input => ({
    ...input,
    headers: { ...input.headers, ...traceHeaders },
  });
  return {
    inbound: [
      {
        async execute(input, next) {
          const { [TRACE_HEADER]: header } = input.headers;
          if (header) traceHeaders = { [TRACE_HEADER]: header };
          const reportEnd = (outcome: Pick<EndedRun, 'failedWith'> = {}) =>
            traces.ended({ ...(header ? { header } : {}), endedAtMs: Date.now(), ...outcome });
          try {
            const result = await next(input);
            reportEnd();
            return result;
          } catch (error) {
            const { result, code } = outcomeOf(error);
            reportEnd({ failedWith: code || result });
            throw error;
          }
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => next(withTrace(input)),
        scheduleLocalActivity: (input, next) => next(withTrace(input)),
      },
    ],
  };
}
