import { UploadError } from '../contract/errors.js';
import { shortenText } from '../util/shorten-text.js';

/** Returns the error of an activity whose call to Temporal failed. Temporal retries the step once it is back. */
export const temporalUnreachable = (happened: string, cause: unknown): UploadError =>
  new UploadError('TEMPORAL_UNREACHABLE', `${happened} (${shortenText(String(cause))})`, {
    cause,
    action: 'The step is retried.',
  });
