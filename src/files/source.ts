import { constants } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UploadError } from '../contract/errors.js';
import { FILE_TYPES, MAX_FILE_BYTES } from '../contract/names.js';
import type { UploadRequest } from '../contract/request.js';
import { DiskFile, errorCode, type OpenFile, quoted, readFailed, readStalled } from './open-file.js';
import { type Patience, waitFor } from './patience.js';
import { RunningSums, type Sums } from './running-sums.js';

export type { OpenFile } from './open-file.js';
export type { Patience } from './patience.js';
export type { Sums } from './running-sums.js';

/**
 * Opens a file and checks that it can be uploaded: a `file:` URL, to a regular file that this process may read,
 * of 1 byte to 5 GiB, of a type that Aplos NCA takes.
 *
 * @param source a `file:` URL with an absolute path
 * @param fileName what Aplos will show; its ending tells the type
 * @param roots folders below which the file must really lie, all links followed; default: anywhere
 * @throws {@link UploadError} `SOURCE_UNSUPPORTED`, `FILE_NOT_FOUND`, `FILE_NOT_REGULAR`, `FILE_UNREADABLE`,
 * `FILE_OUTSIDE_ROOTS`, `FILE_EMPTY`, `FILE_TOO_LARGE`, `FILE_TYPE_UNSUPPORTED`, `FILE_READ_FAILED`; and
 * `FILE_READ_STALLED` when it cannot be opened within 60 s
 */
export async function openSource(
  source: string,
  fileName: string,
  roots: readonly string[] = [],
): Promise<OpenFile> {
  const path = localPath(source);
  assertTypeIsTaken(fileName);
  const opening = openChecked(path, roots);
  return waitFor(opening, {}, (waitedMs) => {
    opening.then((file) => file.close()).catch(() => {}); // in case it opens after all
    return readStalled(path, waitedMs);
  });
}

/** How a file is read for its sums. */
export interface HashOptions extends Patience {
  /** Told how many bytes have been read so far. */
  readonly onBytes?: (bytesRead: number) => void;
}

/**
 * Reads a file to its end for its sums.
 *
 * @throws {@link UploadError} `FILE_CHANGED`, `FILE_READ_FAILED`, `FILE_READ_STALLED`
 * @throws the signal's reason when aborted
 */
export async function hashFile(
  file: OpenFile,
  options: HashOptions = {},
): Promise<Sums & { readonly sizeBytes: number }> {
  const sums = new RunningSums();
  let bytesRead = 0;
  for await (const chunk of file.chunks(options)) {
    sums.update(chunk);
    bytesRead += chunk.length;
    options.onBytes?.(bytesRead);
  }
  return { ...sums.finish(), sizeBytes: bytesRead };
}

/**
 * Checks that a file is the one that the sender saw. Reads all of it if there is a SHA-256 to compare.
 *
 * @throws {@link UploadError} `FILE_NOT_AS_EXPECTED` with both values; or as {@link hashFile}
 * @throws the signal's reason when aborted
 */
export async function assertAsExpected(
  file: OpenFile,
  expect: UploadRequest['expect'],
  options: HashOptions = {},
): Promise<void> {
  if (expect?.sizeBytes !== undefined && expect.sizeBytes !== file.sizeBytes)
    throw notAsExpected(file, 'size', `${file.sizeBytes} bytes`, `${expect.sizeBytes} bytes`);
  if (expect?.sha256 !== undefined) assertSha256(file, (await hashFile(file, options)).sha256, expect.sha256);
}

/**
 * Compares the SHA-256 of a file with the one expected.
 *
 * @throws {@link UploadError} `FILE_NOT_AS_EXPECTED` with both values
 */
export function assertSha256(file: OpenFile, actual: string, expected: string): void {
  if (actual !== expected) throw notAsExpected(file, 'SHA-256', actual, expected);
}

const notAsExpected = ({ path }: OpenFile, what: string, actual: string, expected: string) =>
  new UploadError(
    'FILE_NOT_AS_EXPECTED',
    `The file ${quoted(path)} is not the one the sender saw: its ${what} is ${actual}, expected was ${expected}`,
  );

// A source of another kind may carry a signature or a password: of those, no message shows more than the scheme.
function localPath(source: string): string {
  const url = URL.canParse(source) ? new URL(source) : undefined;
  if (!url) throw unsupported('The source is not a URL');
  if (url.protocol !== 'file:')
    throw unsupported(`The worker cannot read sources of the kind ${url.protocol}`);
  if (url.search || url.hash)
    throw unsupported(
      `The source ${quoted(source)} has a ? or # in it, to be written as %3F and %23 in a path`,
    );
  try {
    const path = fileURLToPath(url);
    if (!path.includes('\0')) return path;
  } catch {
    // Has a host, or an encoded slash: refused below.
  }
  throw unsupported(`The source ${quoted(source)} is not the path of a local file`);
}

const unsupported = (happened: string) => new UploadError('SOURCE_UNSUPPORTED', happened);

function assertTypeIsTaken(fileName: string): void {
  const name = fileName.toLowerCase();
  if (FILE_TYPES.some((ending) => name.endsWith(ending))) return;
  throw new UploadError(
    'FILE_TYPE_UNSUPPORTED',
    `Aplos NCA does not take files like ${quoted(fileName)}, only ${FILE_TYPES.join(', ')}`,
  );
}

async function openChecked(path: string, roots: readonly string[]): Promise<OpenFile> {
  // Without O_NONBLOCK, opening a named pipe waits for its writer.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw notOpened(path, error);
  });
  try {
    const status = await handle.stat({ bigint: true });
    if (roots.length > 0) await assertInside(roots, path, handle);
    if (!status.isFile()) throw notRegular(path);
    if (status.size === 0n) throw new UploadError('FILE_EMPTY', `The file ${quoted(path)} is empty`);
    if (status.size > MAX_FILE_BYTES)
      throw new UploadError('FILE_TOO_LARGE', `The file ${quoted(path)} has ${status.size} bytes`);
    return new DiskFile(path, handle, status);
  } catch (error) {
    await handle.close();
    throw error instanceof UploadError ? error : readFailed(path, error);
  }
}

function notOpened(path: string, cause: unknown): UploadError {
  switch (errorCode(cause)) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ENAMETOOLONG':
    case 'ELOOP':
      return new UploadError('FILE_NOT_FOUND', `There is no file ${quoted(path)}`, { cause });
    case 'EACCES':
    case 'EPERM':
      return new UploadError('FILE_UNREADABLE', `The worker may not read the file ${quoted(path)}`, {
        cause,
      });
    case 'ENXIO': // a socket
    case 'EISDIR':
      return notRegular(path);
    default:
      return readFailed(path, cause);
  }
}

const notRegular = (path: string) =>
  new UploadError('FILE_NOT_REGULAR', `${quoted(path)} is not a regular file`);

/** Compares the open file with what lies at its real path, so that a link switched in between is no way out. */
async function assertInside(roots: readonly string[], path: string, handle: FileHandle): Promise<void> {
  const real = await realpath(path);
  const [opened, atRealPath, ...realRoots] = await Promise.all([
    handle.stat({ bigint: true }),
    stat(real, { bigint: true }),
    ...roots.map((root) => realpath(root).catch(() => undefined)),
  ]);
  const isSame = opened.ino === atRealPath.ino && opened.dev === atRealPath.dev;
  if (isSame && realRoots.some((root) => root !== undefined && isBelow(root, real))) return;
  throw new UploadError(
    'FILE_OUTSIDE_ROOTS',
    `The file ${quoted(path)} is not in a folder that the worker may read: ${roots.map(quoted).join(', ')}`,
  );
}

function isBelow(root: string, path: string): boolean {
  const rest = relative(root, path);
  return rest !== '' && rest !== '..' && !rest.startsWith(`..${sep}`) && !isAbsolute(rest);
}
