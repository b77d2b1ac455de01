import type { IncomingHttpHeaders } from 'node:http';
import { XMLParser } from 'fast-xml-parser';
import { type ErrorCode, UploadError } from '../contract/errors.js';
import type { PresignedPost } from '../contract/steps.js';
import { retryAfterMs } from '../http/retry-after.js';

/** An answer of S3 that is no success. */
export interface Refusal {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The answer's body, or as much of it as could be read. */
  readonly text: string;
}

/**
 * What S3's error codes mean to us (source: Amazon S3 API reference, "List of error codes"). Codes that are not
 * here go by their HTTP status.
 */
const meanings: Readonly<Record<string, ErrorCode>> = {
  ExpiredToken: 'S3_EXPIRED',
  TokenRefreshRequired: 'S3_EXPIRED',
  RequestExpired: 'S3_EXPIRED',
  RequestTimeTooSkewed: 'S3_EXPIRED', // the time is that of signing, so a fresh signature helps
  SignatureDoesNotMatch: 'S3_SIGNATURE_REFUSED',
  InvalidAccessKeyId: 'S3_SIGNATURE_REFUSED',
  InvalidToken: 'S3_SIGNATURE_REFUSED',
  AccessDenied: 'S3_ACCESS_DENIED',
  EntityTooLarge: 'S3_TOO_LARGE',
  EntityTooSmall: 'S3_TOO_SMALL',
  RequestTimeout: 'S3_UNAVAILABLE',
  IncompleteBody: 'S3_UNAVAILABLE', // cut on the way: the length that was announced is exact
  OperationAborted: 'S3_UNAVAILABLE',
  SlowDown: 'S3_UNAVAILABLE',
  InternalError: 'S3_UNAVAILABLE',
  ServiceUnavailable: 'S3_UNAVAILABLE',
  NotImplemented: 'S3_REFUSED', // a 501 that does not pass
  PermanentRedirect: 'S3_REDIRECTED',
  TemporaryRedirect: 'S3_REDIRECTED',
};

/**
 * Makes the error for an answer of S3 other than 2xx.
 *
 * @param post the presigned POST, whose fields are kept out of the message
 * @param file the file as messages show it
 */
export function refusalError(refusal: Refusal, { url, fields }: PresignedPost, file: string): UploadError {
  const { status, headers } = refusal;
  const said = parseError(refusal.text, fields);
  const code = meaningOf(status, said);
  const { host } = new URL(url);
  const requestId = requestIdOf(headers) ?? said.requestId;
  const words = [
    `${host} answered the upload of ${file} with ${status}`,
    said.code && ` ${said.code}`,
    code === 'S3_REDIRECTED' && redirectTarget(headers.location, url),
    said.message && `: ${said.message}`,
    requestId && ` (request ${requestId})`,
  ];
  return new UploadError(code, words.filter(Boolean).join(''), {
    retryAfterMs: code === 'S3_UNAVAILABLE' ? retryAfterMs(headers['retry-after']) : undefined,
    details: {
      status,
      host,
      ...(said.code === undefined ? {} : { s3Code: said.code }),
      ...(requestId === undefined ? {} : { requestId }),
    },
  });
}

/** The id that S3 gave the request, if it looks like one. */
export const requestIdOf = (headers: IncomingHttpHeaders): string | undefined =>
  plain(headers['x-amz-request-id']);

interface SaidByS3 {
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly requestId?: string | undefined;
}

const SAYS_EXPIRED = /\b(policy|request|signature|token) (has )?expired\b/i;

function meaningOf(status: number, { code = '', message = '' }: SaidByS3): ErrorCode {
  if (status < 400) return 'S3_REDIRECTED';
  if (status < 500 && SAYS_EXPIRED.test(message)) return 'S3_EXPIRED';
  if (Object.hasOwn(meanings, code)) return meanings[code] ?? 'S3_REFUSED';
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

// S3's errors also echo the string to sign and the access key: only what is named here is taken.
function parseError(text: string, fields: PresignedPost['fields']): SaidByS3 {
  try {
    const { Code, Message, RequestId } = xml.parse(text).Error;
    return {
      code: plain(Code),
      message: typeof Message === 'string' ? withoutSecrets(Message, fields) : undefined,
      requestId: plain(RequestId),
    };
  } catch {
    return {}; // no XML, cut short, or no error of S3: its HTTP status has to do
  }
}

/** A code or an id, if it is short and plain. */
const plain = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[\w-]{1,40}$/.test(value) ? value : undefined;

const PREDEFINED_ENTITIES = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'", '&amp;': '&' };
const LONG_ENOUGH_FOR_A_SECRET = 8;
const LOOKS_LIKE_A_SECRET = /[\w+/=%&#;.-]{20,}/g;
const MAX_CHARACTERS = 300;

// Some of S3's messages quote the policy's conditions, which hold the security token.
function withoutSecrets(message: string, fields: PresignedPost['fields']): string {
  let text = message;
  for (const [entity, character] of Object.entries(PREDEFINED_ENTITIES))
    text = text.replaceAll(entity, character);
  for (const [name, value] of Object.entries(fields))
    if (name !== 'key' && value.length >= LONG_ENOUGH_FOR_A_SECRET) text = text.replaceAll(value, '[…]');
  return text
    .replace(LOOKS_LIKE_A_SECRET, '[…]')
    .replace(/\s+/g, ' ')
    .slice(0, MAX_CHARACTERS)
    .replace(/[\s.]+$/, '');
}

function redirectTarget(location: string | undefined, base: string): string {
  if (!location || !URL.canParse(location, base)) return '';
  return ` to ${new URL(location, base).host}`;
}
