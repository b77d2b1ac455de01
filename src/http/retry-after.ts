const LONGEST_MS = 60 * 60 * 1000;

/**
 * How long the other side asks to wait before trying again, from its `Retry-After` header, which is either
 * whole seconds or an HTTP date (RFC 9110, 10.2.3).
 *
 * @param header the header's value as undici gives it; of several values the first counts
 * @param now the present, in milliseconds since 1970; default: the clock
 * @returns milliseconds from now, at least 0 and at most one hour; `undefined` without a header that can be read
 */
export function retryAfterMs(
  header: string | string[] | undefined,
  now: number = Date.now(),
): number | undefined {
  const value = (Array.isArray(header) ? header[0] : header)?.trim();
  if (!value) return undefined;
  const waitMs = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), LONGEST_MS);
}
