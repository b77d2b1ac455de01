import { shortenText } from '../util/shorten-text.js';

/** Returns the short name of a network error, e.g. `ECONNREFUSED` or `UND_ERR_HEADERS_TIMEOUT`. */
export function networkErrorName(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return networkErrorName(error.errors[0]);
  if (!(error instanceof Error)) return shortenText(String(error));
  const [, status] = /^Proxy response \((\d+)\)/.exec(error.message) ?? [];
  if (status) return `the proxy returned ${status}`;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause === undefined ? error.name : networkErrorName(error.cause);
}
