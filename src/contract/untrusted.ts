/** Field of the value, and metadata of the payload, that replace what the codec does not trust. It contains the reason. */
export const UNTRUSTED = 'aplos-upload/untrusted';

/** Metadata: the kind of the context in which the payload arrived, `workflow` or `activity`. */
export const ARRIVED_IN = 'aplos-upload/arrived-in';

/** Metadata of an unencrypted payload: its bytes as they arrived. Only the argument of a workflow is read from there. */
export const ORIGINAL = 'aplos-upload/original';

/** Returns the value that replaces an untrusted payload. Whoever forgets to check for it still reads nothing forged. */
export const untrusted = (reason: string): object => ({ [UNTRUSTED]: reason });

/** Returns why a decoded value is not trusted, as a clause without a subject. `undefined` if it is trusted. */
export function whyUntrusted(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, UNTRUSTED)) return undefined;
  const { [UNTRUSTED]: reason } = value as Record<string, unknown>;
  return typeof reason === 'string' ? reason : 'is not trusted';
}

/**
 * Returns why a decoded value is not accepted as the result of an activity, as a clause without a subject. `undefined` if it is.
 * The input and the heartbeats of an activity are encrypted for it, too. Unlike them, a result has a timing or is a list.
 */
export function whyNoResult(value: unknown): string | undefined {
  if (value === undefined) return 'is missing';
  if (Array.isArray(value)) return undefined;
  const isTimed = typeof value === 'object' && value !== null && Object.hasOwn(value, 'ran');
  return whyUntrusted(value) ?? (isTimed ? undefined : 'is its input or a heartbeat');
}

/** Reports whether a payload replaces an untrusted one. */
export const isMarkedUntrusted = ({
  metadata,
}: {
  readonly metadata?: Readonly<Record<string, unknown>> | null;
}): boolean => metadata?.[UNTRUSTED] !== undefined;
