import { networkErrorName } from '../http/network-error.js';
import { shortenText } from '../util/shorten-text.js';

/** Returns the HTTP status of an error of the AWS SDK; `undefined` if S3 did not respond. */
export const statusOf = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;

/** Returns an error of the AWS SDK for people: the status and code of the response, or what is wrong with the connection. */
export function s3Reason(error: unknown): string {
  const { name, message } = error as Error;
  const status = statusOf(error);
  return status === undefined || status < 300
    ? `${networkErrorName(error)}: ${shortenText(message)}`
    : `${status} ${name}: ${shortenText(message)}`;
}
