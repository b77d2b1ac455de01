import { constants } from 'node:fs';
import { type FileHandle, open, readlink, realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UploadError } from '../contract/errors.js';
import { quote } from '../util/quote.js';
import { systemErrorCode } from '../util/system-error.js';
import { assertSupportedSize } from './file-limits.js';
import { DiskFile, type OpenFile, readFailed } from './open-file.js';

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
  const real = await allowed.realPath();
  if (!(await stat(real).catch(throwOpenError(path))).isFile()) throw notRegular(path);
  return real;
}

// In case the file was just replaced: do not follow a symlink, do not wait for the writer of a named pipe, and do not let a
// terminal become the controlling terminal of this process.
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** The directories that must contain a file. */
class Roots {
  readonly #roots: readonly string[];
  readonly #path: string;

  constructor(roots: readonly string[], path: string) {
    this.#roots = roots;
    this.#path = path;
  }

  /** Resolves all symlinks. Outside the roots, it does not even reveal whether the file exists. */
  async realPath(): Promise<string> {
    const real = await realpath(this.#path).catch(async (error: unknown) => {
      if (!(await this.#contain(this.#path))) throw this.#outside();
      return throwOpenError(this.#path)(error);
    });
    if (!(await this.#contain(real))) throw this.#outside();
    return real;
  }

  /** Checks the location of the open file. If the kernel does not report it, the file must be the one now at its path. */
  async assertOpened(handle: FileHandle, real: string): Promise<void> {
    if (this.#roots.length === 0) return;
    const opened = await readlink(`/proc/self/fd/${handle.fd}`).catch(() => undefined);
    if (opened === undefined ? await isAt(real, handle) : await this.#contain(opened)) return;
    throw this.#outside();
  }

  async #contain(path: string): Promise<boolean> {
    if (this.#roots.length === 0) return true;
    const realRoots = await Promise.all(this.#roots.map((root) => realpath(root).catch(() => root)));
    return [...this.#roots, ...realRoots].some((root) => isBelow(root, path));
  }

  #outside(): UploadError {
    return new UploadError(
      'FILE_OUTSIDE_ROOTS',
      `The file ${quote(this.#path)} is outside the directories that the worker may read: ${this.#roots.map(quote).join(', ')}`,
    );
  }
}

/** Reports whether a path is in a directory or its subdirectories, without resolving symlinks. */
export function isBelow(root: string, path: string): boolean {
  const rest = relative(root, path);
  return rest !== '' && rest !== '..' && !rest.startsWith(`..${sep}`) && !isAbsolute(rest);
}

async function isAt(path: string, handle: FileHandle): Promise<boolean> {
  const [opened, atPath, real] = await Promise.all([
    handle.stat({ bigint: true }),
    stat(path, { bigint: true }),
    realpath(path),
  ]);
  return real === path && opened.ino === atPath.ino && opened.dev === atPath.dev;
}

const throwOpenError =
  (path: string) =>
  (cause: unknown): never => {
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
