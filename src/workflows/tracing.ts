import { ApplicationFailure, type Headers, type Payload } from '@temporalio/common';
import { isCancellation, proxySinks, type Sinks, type WorkflowInterceptors } from '@temporalio/workflow';
import { TRACE_HEADER } from '../contract/trace-names.js';

/** What a trace is told of a run that has ended. */
export interface EndedRun {
  /** As the run was started with it. */
  readonly header?: Payload;
  /** Milliseconds since 1970, by the server's clock. */
  readonly endedAtMs: number;
  /** The code that the run failed with. */
  readonly failedWith?: string;
}

/** Where the end of a run is told, outside of the workflow. */
export interface TraceSinks extends Sinks {
  readonly traces: { ended(run: EndedRun): void };
}

/**
 * Hands the trace that a run was started with on to its activities, and tells of its end. The run's span itself is made
 * outside: see `traces/worker.ts`. Without a trace nothing is added to the history.
 */
export function interceptors(): WorkflowInterceptors {
  const { traces } = proxySinks<TraceSinks>();
  let carried: Headers = {};
  const carry = <Input extends { readonly headers: Headers }>(input: Input): Input => ({
    ...input,
    headers: { ...input.headers, ...carried },
  });
  return {
    inbound: [
      {
        async execute(input, next) {
          const { [TRACE_HEADER]: header } = input.headers;
          if (header) carried = { [TRACE_HEADER]: header };
          const tellOfEnd = (more: Pick<EndedRun, 'failedWith'> = {}) =>
            traces.ended({ ...(header ? { header } : {}), endedAtMs: Date.now(), ...more });
          try {
            const result = await next(input);
            tellOfEnd();
            return result;
          } catch (error) {
            tellOfEnd({ failedWith: nameOf(error) });
            throw error;
          }
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => next(carry(input)),
        scheduleLocalActivity: (input, next) => next(carry(input)),
      },
    ],
  };
}

function nameOf(error: unknown): string {
  if (isCancellation(error)) return 'cancelled';
  return (error instanceof ApplicationFailure && error.type) || 'INTERNAL';
}
