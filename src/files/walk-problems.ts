import { isUtf8 } from 'node:buffer';
import { readlink } from 'node:fs/promises';
import { UploadError } from '../contract/errors.js';
import { quote } from '../util/quote.js';
import { systemErrorCode } from '../util/system-error.js';
import { isMissing } from './listing.js';

/** Something that a walk could not see. */
export interface WalkProblem {
  /** Absolute path of the file or folder. */
  readonly path: string;
  readonly error: UploadError;
}

/** Returns the problem of a folder that cannot be listed. */
export const unreadableFolder = (path: string, cause: unknown): WalkProblem => ({
  path,
  error: new UploadError(
    'FOLDER_UNREADABLE',
    isDenied(cause)
      ? `There is no permission to list the folder ${quote(path)}, so the files in it are not known`
      : `The folder ${quote(path)} cannot be listed (${systemErrorCode(cause)}), so the files in it are not known`,
    { cause },
  ),
});

/** Returns the problem of a file that its folder lists, but that cannot be opened. */
export const unreadableFile = (path: string, cause: unknown): WalkProblem => ({
  path,
  error: isDenied(cause)
    ? new UploadError('FILE_UNREADABLE', `There is no permission to read ${quote(path)}`, { cause })
    : new UploadError(
        'FILE_READ_FAILED',
        `${quote(path)} is listed in its folder, but cannot be opened (${systemErrorCode(cause)})`,
        { cause },
      ),
});

/** Returns the problem of a link that cannot be followed, or of another name that is listed and does not exist. */
export async function deadLink(path: string, cause: unknown): Promise<WalkProblem> {
  const isLoop = systemErrorCode(cause) === 'ELOOP';
  if (!isLoop && !isMissing(cause)) return unreadableFile(path, cause);
  const target = await readlink(path).catch(() => undefined);
  if (target === undefined) return unreadableFile(path, cause);
  const where = isLoop ? 'which leads back to it' : 'which does not exist';
  const happened = `The link ${quote(path)} leads to ${quote(target)}, ${where}`;
  return {
    path,
    error: new UploadError('LINK_BROKEN', happened, { cause }),
  };
}

/**
 * Returns the problem of a path whose name is not UTF-8.
 *
 * @param bytes the path, or what the path leads to
 */
export function invalidName(path: string, bytes: Buffer): WalkProblem {
  const shown = escapeInvalid(bytes);
  const happened = `The name of "${shown}" is not valid UTF-8`;
  return { path, error: new UploadError('FILE_NAME_INVALID', happened) };
}

/** Returns the problem of a file whose extension is followed by white space, so that it is not the type that it seems to be. */
export const paddedName = (path: string): WalkProblem => ({
  path,
  error: new UploadError(
    'FILE_NAME_INVALID',
    `The name of ${quote(path)} ends with white space, which hides the type of the file`,
  ),
});

/** Returns a path as text. In names that are not UTF-8, `\xNN` stands for each byte beyond ASCII. */
const escapeInvalid = (path: Buffer): string =>
  path
    .toString('latin1')
    .split('/')
    .map((name) => {
      const bytes = Buffer.from(name, 'latin1');
      if (isUtf8(bytes)) return JSON.stringify(bytes.toString()).slice(1, -1);
      return name.replaceAll(/[^ -~]/g, (each) => `\\x${each.charCodeAt(0).toString(16).padStart(2, '0')}`);
    })
    .join('/');

const isDenied = (error: unknown) => ['EACCES', 'EPERM'].includes(systemErrorCode(error));
