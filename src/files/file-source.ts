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
 * The path in a `file:` URL.
 *
 * @returns `undefined` if it is not the path of a local file: it has a host, an encoded slash or a NUL
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
 * Opens a regular file, of which all links are followed first, and looked at, so that nothing but a file below the roots is
 * ever opened. What was opened is checked again: a link may have been switched in between.
 *
 * @param path absolute
 * @param roots folders below which the file must really lie; none: anywhere
 * @throws {@link UploadError} `FILE_NOT_FOUND`, `FILE_NOT_REGULAR`, `FILE_UNREADABLE`, `FILE_OUTSIDE_ROOTS`,
 * `FILE_EMPTY`, `FILE_TOO_LARGE`, `FILE_READ_FAILED`
 */
export async function openFile(path: string, roots: readonly string[]): Promise<OpenFile> {
  const allowed = new Roots(roots, path);
  const real = await allowed.realPath();
  if (!(await stat(real).catch(notOpened(path))).isFile()) throw notRegular(path);
  const handle = await open(real, SAFELY).catch(notOpened(path));
  try {
    const status = await handle.stat({ bigint: true });
    await allowed.assertOpened(handle, real);
    if (!status.isFile()) throw notRegular(path);
    assertSupportedSize(path, status.size);
    return new DiskFile(path, handle, status);
  } catch (error) {
    await handle.close();
    throw error instanceof UploadError ? error : readFailed(path, error);
  }
}

// In case it was switched for another just now: not through a link, without waiting for the writer of a named
// pipe, and without a terminal taking hold of this process.
const SAFELY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** The folders below which a file must lie. */
class Roots {
  readonly #roots: readonly string[];
  readonly #path: string;

  constructor(roots: readonly string[], path: string) {
    this.#roots = roots;
    this.#path = path;
  }

  /** The path without links. Outside the roots, it is not even told whether there is a file. */
  async realPath(): Promise<string> {
    const real = await realpath(this.#path).catch(async (error: unknown) => {
      if (!(await this.#have(this.#path))) throw this.#outside();
      return notOpened(this.#path)(error);
    });
    if (!(await this.#have(real))) throw this.#outside();
    return real;
  }

  /** Where the kernel does not tell where an open file lies, it has to be the one that now is at its path. */
  async assertOpened(handle: FileHandle, real: string): Promise<void> {
    if (this.#roots.length === 0) return;
    const opened = await readlink(`/proc/self/fd/${handle.fd}`).catch(() => undefined);
    if (opened === undefined ? await isAt(real, handle) : await this.#have(opened)) return;
    throw this.#outside();
  }

  async #have(path: string): Promise<boolean> {
    if (this.#roots.length === 0) return true;
    const realRoots = await Promise.all(this.#roots.map((root) => realpath(root).catch(() => root)));
    return [...this.#roots, ...realRoots].some((root) => isBelow(root, path));
  }

  #outside(): UploadError {
    return new UploadError(
      'FILE_OUTSIDE_ROOTS',
      `The file ${quote(this.#path)} is not in a folder that the worker may read: ${this.#roots.map(quote).join(', ')}`,
    );
  }
}

/** Whether a path lies below a folder, by their names alone. */
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

const notOpened =
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
        throw new UploadError('FILE_UNREADABLE', `The worker may not read the file ${quote(path)}`, {
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
