import type { IncomingHttpHeaders } from 'node:http';
import { XMLParser } from 'fast-xml-parser';
import { type ErrorCode, UploadError } from '../contract/errors.js';
import type { PresignedPost } from '../contract/steps.js';
import { retryAfterMs } from '../http/retry-after.js';
import { cutText } from '../util/cut-text.js';

/** An unsuccessful response of S3. */
export interface Refusal {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Body, or its start. */
  readonly text: string;
}

/**
 * Our codes for S3's error codes (source: Amazon S3 API reference, "List of error codes"). For other S3 codes, the HTTP
 * status decides.
 */
const codesByS3Code: Readonly<Record<string, ErrorCode>> = {
  ExpiredToken: 'S3_EXPIRED',
  TokenRefreshRequired: 'S3_EXPIRED',
  RequestExpired: 'S3_EXPIRED',
  RequestTimeTooSkewed: 'S3_EXPIRED', // it compares the time of signing, so a new signature helps
  SignatureDoesNotMatch: 'S3_SIGNATURE_REFUSED',
  InvalidAccessKeyId: 'S3_SIGNATURE_REFUSED',
  InvalidToken: 'S3_SIGNATURE_REFUSED',
  AccessDenied: 'S3_ACCESS_DENIED',
  EntityTooLarge: 'S3_TOO_LARGE',
  EntityTooSmall: 'S3_TOO_SMALL',
  RequestTimeout: 'S3_UNAVAILABLE',
  IncompleteBody: 'S3_UNAVAILABLE', // the connection dropped: the announced length is exact
  OperationAborted: 'S3_UNAVAILABLE',
  SlowDown: 'S3_UNAVAILABLE',
  InternalError: 'S3_UNAVAILABLE',
  ServiceUnavailable: 'S3_UNAVAILABLE',
  NotImplemented: 'S3_REFUSED', // unlike other 5xx, permanent
  PermanentRedirect: 'S3_REDIRECTED',
  TemporaryRedirect: 'S3_REDIRECTED',
};

/**
 * Returns the error for a response of S3 other than 2xx.
 *
 * @param post the presigned POST; its fields are removed from the message
 * @param file the file as shown in messages
 */
export function refusalError(refusal: Refusal, { url, fields }: PresignedPost, file: string): UploadError {
  const { status, headers } = refusal;
  const error = readS3Error(refusal.text, fields);
  const code = codeOf(status, error);
  const { host } = new URL(url);
  const requestId = requestIdOf(headers) ?? error.requestId;
  const parts = [
    `The upload of ${file} to ${host} failed with ${status}`,
    error.code && ` ${error.code}`,
    code === 'S3_REDIRECTED' && redirectTarget(headers.location, url),
    error.message && `: ${error.message}`,
    requestId && ` (request ${requestId})`,
  ];
  return new UploadError(code, parts.filter(Boolean).join(''), {
    retryAfterMs: code === 'S3_UNAVAILABLE' ? retryAfterMs(headers['retry-after']) : undefined,
    details: {
      status,
      host,
      ...(error.code === undefined ? {} : { s3Code: error.code }),
      ...(requestId === undefined ? {} : { requestId }),
    },
  });
}

/** Returns S3's ID of a request. */
export const requestIdOf = (headers: IncomingHttpHeaders): string | undefined =>
  identifierIn(headers['x-amz-request-id']);

/** Content of an error response of S3, as far as it may be shown. */
export interface S3Error {
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly requestId?: string | undefined;
}

const EXPIRED_MESSAGE = /\b(policy|request|signature|token) (has )?expired\b/i;

function codeOf(status: number, { code = '', message = '' }: S3Error): ErrorCode {
  if (status < 400) return 'S3_REDIRECTED';
  if (status < 500 && EXPIRED_MESSAGE.test(message)) return 'S3_EXPIRED';
  if (Object.hasOwn(codesByS3Code, code)) return codesByS3Code[code] ?? 'S3_REFUSED';
  if (status >= 500 || status === 429 || status === 408) return 'S3_UNAVAILABLE';
  if (status === 403) return 'S3_ACCESS_DENIED';
  if (status === 413) return 'S3_TOO_LARGE';
  return 'S3_REFUSED';
}

const xml = new XMLParser({
  processEntities: false,
  ignoreAttributes: true,
  parseTagValue: false,
});

/**
 * Parses an error response of S3. S3's errors also echo the string to sign and the access key, so only three elements are used.
 *
 * @param fields fields of the presigned POST; they are removed from the message. Default: none
 */
export function readS3Error(text: string, fields: PresignedPost['fields'] = {}): S3Error {
  try {
    const { Code, Message, RequestId } = xml.parse(text).Error;
    return {
      code: identifierIn(Code),
      message: typeof Message === 'string' ? withoutSecrets(Message, fields) : undefined,
      requestId: identifierIn(RequestId),
    };
  } catch {
    return {}; // not XML, truncated, or not an error of S3: the HTTP status is enough
  }
}

/** Returns the value if it can be a code or an ID: short, without spaces or special characters. */
const identifierIn = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[\w-]{1,40}$/.test(value) ? value : undefined;

const PREDEFINED_ENTITIES = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'", '&amp;': '&' };
const MIN_SECRET_CHARACTERS = 8;
const POSSIBLE_SECRET = /[\w+/=%&#;.-]{20,}/g;
const MAX_CHARACTERS = 300;

// Some of S3's messages quote the conditions of the policy, which contain the security token.
function withoutSecrets(message: string, fields: PresignedPost['fields']): string {
  let text = message;
  for (const [entity, character] of Object.entries(PREDEFINED_ENTITIES))
    text = text.replaceAll(entity, character);
  for (const [name, value] of Object.entries(fields))
    if (name !== 'key' && value.length >= MIN_SECRET_CHARACTERS) text = text.replaceAll(value, '[…]');
  const line = text.replace(POSSIBLE_SECRET, '[…]').replace(/\s+/g, ' ');
  return cutText(line, MAX_CHARACTERS).replace(/[\s.]+$/, '');
}

function redirectTarget(location: string | undefined, base: string): string {
  if (!location || !URL.canParse(location, base)) return '';
  return `, redirecting to ${new URL(location, base).host}`;
}
