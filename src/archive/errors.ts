import { UploadError } from '../contract/errors.js';
import { quote } from '../util/quote.js';

/** Returns the error for a record that cannot be written. */
export const unwritable = (location: string, reason: string, cause?: unknown): UploadError =>
  new UploadError('RECORD_UNWRITABLE', `Cannot write the record ${quote(location)} (${reason})`, {
    ...(cause === undefined ? {} : { cause }),
  });

/** Returns the error for a name that has something else. */
export const conflict = (location: string): UploadError =>
  new UploadError(
    'RECORD_CONFLICT',
    `Cannot write the record ${quote(location)}, because another one is there`,
  );

/** Returns the error for records that cannot be read. */
export const unreadable = (location: string, reason: string, cause?: unknown): UploadError =>
  new UploadError('RECORDS_UNREADABLE', `Cannot read records from ${quote(location)} (${reason})`, {
    ...(cause === undefined ? {} : { cause }),
  });
