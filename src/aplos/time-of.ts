/** Nothing was created before: an earlier time stands for none. */
const EARLIEST_MS = Date.UTC(2000, 0);
/** The last time that a date can hold. */
const LATEST_MS = 8.64e15;
/** A number below is in seconds: in milliseconds it would be a time before 1974. */
const MAX_SECONDS = 1e11;

/** Returns a time in milliseconds since 1970; `undefined` if it is none. A time without a zone is in UTC. */
export function timeOf(value: string | number | null | undefined): number | undefined {
  const text = `${value ?? ''}`.trim();
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
  const isInUtc = /^\d{4}-\d\d-\d\d[T ][\d:.]+$/.test(text);
  const ms =
    number === undefined
      ? Date.parse(isInUtc ? `${text.replace(' ', 'T')}Z` : text)
      : number * (number < MAX_SECONDS ? 1000 : 1);
  return ms >= EARLIEST_MS && ms <= LATEST_MS && /\d{4}/.test(text) ? ms : undefined;
}
