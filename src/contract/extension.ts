/** Signal that makes a run go further than its request asks. Takes one {@link Extension}. */
export const EXTEND_SIGNAL = 'extend';

/** Argument of the signal `extend`: the fields of a request that say how far an upload goes, and not what it starts. */
export interface Extension {
  readonly until?: 'started' | 'completed' | undefined;
  readonly completionTimeoutSeconds?: number | undefined;
}

/** Longest time limit that a request may set, in seconds: 365 days. */
export const MAX_COMPLETION_TIMEOUT_SECONDS = 365 * 24 * 3600;

/** Returns what a request asks for beyond the start of its executions. `undefined` if it asks for nothing more. */
export function extensionOf({ until, completionTimeoutSeconds }: Extension): Extension | undefined {
  if (until !== 'completed') return undefined;
  return { until, ...(completionTimeoutSeconds === undefined ? {} : { completionTimeoutSeconds }) };
}

/** Validates the argument of `extend`, which anybody may send. Returns `undefined` if it is invalid. Safe for workflow code. */
export function parseExtension(input: unknown): Extension | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  const { until, completionTimeoutSeconds: seconds } = input as Record<string, unknown>;
  if (until !== 'completed') return undefined;
  const isSeconds =
    typeof seconds === 'number' &&
    Number.isInteger(seconds) &&
    seconds >= 1 &&
    seconds <= MAX_COMPLETION_TIMEOUT_SECONDS;
  return { until, ...(isSeconds ? { completionTimeoutSeconds: seconds } : {}) };
}

/** Returns a request that also asks for what an extension asks for. Of two time limits, the longer one counts. */
export const extended = <Request extends Extension>(request: Request, extension: Extension): Request => ({
  ...request,
  until: extension.until,
  completionTimeoutSeconds: Math.max(
    request.until === 'completed' ? completionTimeoutOf(request) : 0,
    completionTimeoutOf(extension),
  ),
});

/** Returns how long the end of the executions is waited for, in seconds. */
export const completionTimeoutOf = ({ completionTimeoutSeconds = 7 * 24 * 3600 }: Extension): number =>
  completionTimeoutSeconds;
