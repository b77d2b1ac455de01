import type { ResultsDestination } from './results.js';

/** Signal that makes a run go further than its request asks. Takes one {@link Extension}. */
export const EXTEND_SIGNAL = 'extend';

/** The fields of a request that say how far an upload goes, and not what it starts. */
export interface Extension {
  readonly until?: 'started' | 'completed' | undefined;
  readonly completionTimeoutSeconds?: number | undefined;
  /** See `results` of a request. */
  readonly results?: string | undefined;
  /** See `unpackResults` of a request. */
  readonly unpackResults?: boolean | undefined;
}

/** Argument of the signal `extend`. */
export interface ExtendSignal extends Extension {
  /** Host that stores results in a `file:` location. Default: any worker does */
  readonly host?: string | undefined;
}

/** A request that may have been extended while it was running. */
export type Extended<Request> = Request & {
  /** Destinations of results that others have asked for. Default: none */
  readonly moreResults?: readonly ResultsDestination[] | undefined;
};

/** Most destinations of results that one run serves: anybody may send signals. */
const MAX_DESTINATIONS = 20;
/** Longest template of a results location that a request may have. */
const MAX_TEMPLATE_LENGTH = 4096;

/** Longest time limit that a request may set, in seconds: 365 days. */
export const MAX_COMPLETION_TIMEOUT_SECONDS = 365 * 24 * 3600;

/** Returns what a request asks for beyond the start of its executions. `undefined` if it asks for nothing more. */
export function extensionOf({
  until,
  completionTimeoutSeconds,
  results,
  unpackResults,
}: Extension): Extension | undefined {
  if (until !== 'completed' && results === undefined) return undefined;
  return {
    until: 'completed',
    ...(completionTimeoutSeconds === undefined ? {} : { completionTimeoutSeconds }),
    ...(results === undefined ? {} : { results }),
    ...(unpackResults === undefined ? {} : { unpackResults }),
  };
}

/** Validates the argument of `extend`, which anybody may send. Returns `undefined` if it is invalid. Safe for workflow code. */
export function parseExtension(input: unknown): ExtendSignal | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  const {
    until,
    completionTimeoutSeconds: seconds,
    results,
    unpackResults,
    host,
  } = input as Record<string, unknown>;
  if (until !== 'completed') return undefined;
  const isSeconds =
    typeof seconds === 'number' &&
    Number.isInteger(seconds) &&
    seconds >= 1 &&
    seconds <= MAX_COMPLETION_TIMEOUT_SECONDS;
  const isLocation = typeof results === 'string' && results !== '' && results.length <= MAX_TEMPLATE_LENGTH;
  return {
    until,
    ...(isSeconds ? { completionTimeoutSeconds: seconds } : {}),
    ...(isLocation
      ? {
          results,
          unpackResults: unpackResults === true,
          ...(typeof host === 'string' && host !== '' ? { host } : {}),
        }
      : {}),
  };
}

/** Returns a request that also asks for what an extension asks for. Of two time limits, the longer one counts. */
export function extended<Request extends Extension>(
  request: Extended<Request>,
  { results, unpackResults, host, ...extension }: ExtendSignal,
): Extended<Request> {
  const { moreResults = [] } = request;
  return {
    ...request,
    until: extension.until,
    completionTimeoutSeconds: Math.max(
      request.until === 'completed' ? completionTimeoutOf(request) : 0,
      completionTimeoutOf(extension),
    ),
    ...(results === undefined || moreResults.length >= MAX_DESTINATIONS
      ? {}
      : { moreResults: [...moreResults, { results, unpackResults, host }] }),
  };
}

/** Returns where the results of a request go, each destination once. */
export function destinationsOf({
  results,
  unpackResults,
  host,
  moreResults = [],
}: Extended<Extension & { readonly host?: string | undefined }>): ResultsDestination[] {
  const own = results === undefined ? [] : [{ results, unpackResults, host }];
  const all = [...own, ...moreResults];
  return all.filter((each, index) => all.findIndex((other) => isSameDestination(each, other)) === index);
}

/** Reports whether two destinations of results, or their absence, are the same. */
export const isSameDestination = (one: Destination, other: Destination): boolean =>
  one.results === other.results &&
  (one.unpackResults ?? false) === (other.unpackResults ?? false) &&
  one.host === other.host;

type Destination = Pick<ExtendSignal, keyof ResultsDestination>;

/** Returns how long the end of the executions is waited for, in seconds. */
export const completionTimeoutOf = ({ completionTimeoutSeconds = 7 * 24 * 3600 }: Extension): number =>
  completionTimeoutSeconds;
