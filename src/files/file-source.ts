import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { UploadError } from '../contract/errors.js';
import { quote } from '../util/quote.js';
import { systemErrorCode } from '../util/system-error.js';
import { assertSupportedSize } from './file-limits.js';
import { DiskFile, type OpenFile, readFailed } from './open-file.js';
import { Roots } from './roots.js';

/**
 * Returns the path in a `file:` URL.
 *
 * @returns `undefined` if it is not a local path: it contains a host, an encoded slash or a NUL
 */
export function localPath(url: URL): string | undefined {
  try {
    const path = fileURLToPath(url);
    return path.includes('\0') ? undefined : path;
  } catch {
    return undefined;
  }
}

/**
 * Opens a regular file. Symlinks are resolved and checked first, so only files in the roots are ever opened. The opened
 * file is checked again, because a symlink may have been replaced in the meantime.
 *
 * @param path absolute path
 * @param roots directories that must contain the file after all symlinks are resolved. If empty, any directory may
 * @throws {@link UploadError} `FILE_NOT_FOUND`, `FILE_NOT_REGULAR`, `FILE_UNREADABLE`, `FILE_OUTSIDE_ROOTS`,
 * `FILE_EMPTY`, `FILE_TOO_LARGE`, `FILE_READ_FAILED`
 */
export async function openFile(path: string, roots: readonly string[]): Promise<OpenFile> {
  const allowed = new Roots(roots, path);
  const real = await realPathOfFile(allowed, path);
  const handle = await open(real, OPEN_FLAGS).catch(throwOpenError(path));
  try {
    const stats = await handle.stat({ bigint: true });
    await allowed.assertOpened(handle, real);
    if (!stats.isFile()) throw notRegular(path);
    assertSupportedSize(path, stats.size);
    return new DiskFile(path, handle, stats);
  } catch (error) {
    await handle.close();
    throw error instanceof UploadError ? error : readFailed(path, error);
  }
}

/**
 * Checks that a path leads to a regular file, without opening it.
 *
 * @throws {@link UploadError} `FILE_NOT_FOUND`, `FILE_NOT_REGULAR`, `FILE_UNREADABLE`, `FILE_OUTSIDE_ROOTS`,
 * `FILE_READ_FAILED`
 */
export async function assertIsFile(path: string, roots: readonly string[]): Promise<void> {
  await realPathOfFile(new Roots(roots, path), path);
}

async function realPathOfFile(allowed: Roots, path: string): Promise<string> {
  const real = await allowed.realPath().catch(throwOpenError(path));
  if (!(await stat(real).catch(throwOpenError(path))).isFile()) throw notRegular(path);
  return real;
}

// In case the file was just replaced: do not follow a symlink, do not wait for the writer of a named pipe, and do not let a
// terminal become the controlling terminal of this process.
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

const throwOpenError =
  (path: string) =>
  (cause: unknown): never => {
    if (cause instanceof UploadError) throw cause;
    switch (systemErrorCode(cause)) {
      case 'ENOENT':
      case 'ENOTDIR':
      case 'ENAMETOOLONG':
      case 'ELOOP':
        throw new UploadError('FILE_NOT_FOUND', `There is no file ${quote(path)}`, { cause });
      case 'EACCES':
      case 'EPERM':
        throw new UploadError('FILE_UNREADABLE', `There is no permission to read the file ${quote(path)}`, {
          cause,
        });
      case 'ENXIO': // a socket
      case 'EISDIR':
        throw notRegular(path);
      default:
        throw readFailed(path, cause);
    }
  };

const notRegular = (path: string) =>
  new UploadError('FILE_NOT_REGULAR', `${quote(path)} is not a regular file`);
