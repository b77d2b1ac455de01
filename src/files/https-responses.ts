import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { UploadError } from '../contract/errors.js';
import { networkErrorName } from '../http/network-error.js';
import { retryAfterMs } from '../http/retry-after.js';
import { quote } from '../util/quote.js';

/**
 * Returns the length of a complete response in bytes; `undefined` if it is chunked.
 *
 * @throws {@link UploadError} `SOURCE_ANSWER_UNEXPECTED` if a truncated response would go unnoticed
 */
export function lengthOf(headers: IncomingHttpHeaders, path: string): number | undefined {
  const length = singleValue(headers['content-length']);
  if (length !== undefined) return Number(length);
  if (/\bchunked$/i.test(singleValue(headers['transfer-encoding']) ?? '')) return undefined;
  throw unexpectedResponse(
    path,
    'a response with neither a length nor chunks, so a truncated file would go unnoticed',
  );
}

/** Returns the header that identifies the version of a file: its strong ETag, otherwise the date of its last change. */
export function validatorOf(headers: IncomingHttpHeaders): string | undefined {
  const [etag, modified] = [headers.etag, headers['last-modified']].map(singleValue);
  return etag?.startsWith('"') ? etag : modified;
}

/** Servers may repeat headers that Node's types declare as single values. */
const singleValue = (value: string | string[] | undefined) => (typeof value === 'string' ? value : undefined);

/** @throws {@link UploadError} `SOURCE_ANSWER_UNEXPECTED` */
export function redirectTarget({ location }: IncomingHttpHeaders, base: URL, path: string): URL {
  if (typeof location !== 'string' || !URL.canParse(location, base.href))
    throw unexpectedResponse(path, 'a redirect without a valid URL');
  return new URL(location, base.href);
}

/** Prefixes of undici's error names for responses that violate HTTP. */
const HTTP_VIOLATIONS = [
  'HTTPParserError',
  'HPE_',
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
];

/** Returns the error for a request without a response. It has no cause, because undici's errors may quote secrets of the request. */
export function connectionFailed(path: string, { host }: URL, error: unknown): UploadError {
  const reason = networkErrorName(error);
  if (HTTP_VIOLATIONS.some((name) => reason.startsWith(name)))
    return unexpectedResponse(path, `a response that is not valid HTTP (${reason})`);
  return new UploadError(
    'SOURCE_UNREACHABLE',
    `Cannot read the source ${quote(path)}: ${host} did not respond (${reason})`,
    { details: { host, reason } },
  );
}

const meanings: Readonly<Record<number, string>> = {
  401: 'it requires a login',
  403: 'it denies access, or the presigned URL has expired',
  404: 'the file does not exist',
  410: 'the file no longer exists',
};

/** Returns the error for a response with a status other than 2xx. */
export function refused(path: string, { host }: URL, response: Dispatcher.ResponseData): UploadError {
  const { statusCode: status, headers } = response;
  const details = { status, host };
  const happened = `Cannot read the source ${quote(path)}: ${host} returned ${status}`;
  if (status >= 500 || status === 429 || status === 408 || status === 425)
    return new UploadError('SOURCE_UNAVAILABLE', happened, {
      details,
      retryAfterMs: retryAfterMs(headers['retry-after']),
    });
  if (status < 400) return unexpectedResponse(path, `status ${status}`);
  const meaning = meanings[status];
  return new UploadError('SOURCE_REFUSED', meaning ? `${happened}: ${meaning}` : happened, { details });
}

/** Returns the error for a response from which the file cannot be read. */
export const unexpectedResponse = (path: string, what: string): UploadError =>
  new UploadError('SOURCE_ANSWER_UNEXPECTED', `The server of the source ${quote(path)} returned ${what}`);
