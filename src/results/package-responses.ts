import type { Dispatcher } from 'undici';
import { UploadError } from '../contract/errors.js';
import { type ReadTimeouts, waitFor } from '../files/read-timeouts.js';
import { readStart } from '../http/read-start.js';
import { retryAfterMs } from '../http/retry-after.js';
import { readS3Error } from '../s3/refusal.js';

const MAX_ERROR_BYTES = 64 * 1024;

/** Reads the start of an error response. The status is enough if the rest does not arrive. */
export async function textOf(body: Dispatcher.ResponseData['body'], timeouts: ReadTimeouts): Promise<string> {
  const text = await readStart(body, MAX_ERROR_BYTES, (reading) =>
    waitFor(reading, timeouts, () => new Error('stalled')),
  );
  timeouts.signal?.throwIfAborted();
  return text;
}

/**
 * Returns the error for a response of S3 without the package.
 *
 * @param text body of the response, or its start
 */
export function refused(
  executionId: string,
  host: string,
  { statusCode: status, headers }: Dispatcher.ResponseData,
  text: string,
): UploadError {
  if (status === 412 || status === 416) return damaged(executionId, 'was replaced while it was downloaded');
  const { code, message } = readS3Error(text);
  const returned = [`${host} returned ${status}`, code && ` ${code}`, message && `: ${message}`]
    .filter(Boolean)
    .join('');
  const details = { status, host, ...(code === undefined ? {} : { s3Code: code }) };
  if (status >= 500 || status === 429 || status === 408)
    return new UploadError(
      'S3_UNAVAILABLE',
      `Cannot download the results of execution ${executionId}: ${returned}`,
      { details, retryAfterMs: retryAfterMs(headers['retry-after']) },
    );
  return unavailable(executionId, returned, details);
}

/** Returns the error for results that cannot be downloaded at present. */
export const unavailable = (
  executionId: string,
  reason: string,
  details: Readonly<Record<string, string | number>> = {},
): UploadError =>
  new UploadError(
    'RESULTS_UNAVAILABLE',
    `Cannot download the results of execution ${executionId}: ${reason}`,
    { details },
  );

/** Returns the error for a package that is not intact. */
export const damaged = (executionId: string, what: string): UploadError =>
  new UploadError('RESULTS_DAMAGED', `The package with the results of execution ${executionId} ${what}`);
