const MAX_DELAY_MS = 60 * 60 * 1000;

/**
 * Returns the delay in a `Retry-After` header, which is either whole seconds or an HTTP date (RFC 9110, 10.2.3).
 *
 * @param header value of the header in undici's types; if it is repeated, the first value counts
 * @param now current time in milliseconds since 1970. Default: the clock
 * @returns delay in milliseconds, from 0 to one hour; `undefined` if the header is absent or invalid
 */
export function retryAfterMs(
  header: string | string[] | undefined,
  now: number = Date.now(),
): number | undefined {
  const value = (Array.isArray(header) ? header[0] : header)?.trim();
  if (!value) return undefined;
  const delayMs = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(delayMs) ? undefined : Math.min(Math.max(delayMs, 0), MAX_DELAY_MS);
}
