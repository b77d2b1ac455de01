import { UploadError } from '../contract/errors.js';
import { systemReason } from '../files/new-file.js';
import { quote } from '../util/quote.js';
import { systemErrorCode } from '../util/system-error.js';

/** System errors that a person has to resolve; all others may pass, such as a full disk. */
const FINAL: readonly string[] = [
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EISDIR',
  'ELOOP',
  'ENAMETOOLONG',
  'EINVAL',
];

/** Returns the error for results that cannot be written. It is final if the system's error does not pass by waiting. */
export function unwritable(happened: string, cause?: unknown): UploadError {
  const isFinal = FINAL.includes(systemErrorCode(cause));
  return new UploadError('RESULTS_UNWRITABLE', happened, {
    ...(cause === undefined ? {} : { cause }),
    ...(isFinal
      ? { final: true, action: 'Check the path, its permissions and the mount on the worker.' }
      : {}),
  });
}

/** Returns the error for a path that has something else. */
export const exists = (path: string, what: string): UploadError =>
  new UploadError('RESULTS_EXIST', `Cannot write results to ${quote(path)}, which ${what}`);

/** Returns an error of the system as one of the error table. Others remain as they are. */
export const asUnwritable = (error: unknown, path: string): unknown =>
  error instanceof UploadError
    ? error
    : unwritable(`Cannot write results to ${quote(path)} (${systemReason(error)})`, error);
