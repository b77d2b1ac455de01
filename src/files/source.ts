import { UploadError } from '../contract/errors.js';
import type { UploadRequest } from '../contract/request.js';
import { shownSource } from '../contract/source.js';
import { quote } from '../util/quote.js';
import { assertSupportedType, hasSupportedType, unsupportedType } from './file-limits.js';
import { assertIsFile, localPath, openFile } from './file-source.js';
import { type Hasher, InlineHasher, openHasher } from './hasher.js';
import type { HttpsAccess } from './https-connection.js';
import type { UnsizedSource } from './https-source.js';
import { type OpenFile, readStalled } from './open-file.js';
import { type ReadTimeouts, waitFor } from './read-timeouts.js';
import { objectLocation, openS3, type S3Access } from './s3-source.js';

export type { OpenFile } from './open-file.js';

/** Sources that may be read, and how. A kind of source that is absent may not be read. */
export interface SourceAccess {
  /** Directories that must contain `file:` sources after all symlinks are resolved. Default: any directory */
  readonly roots?: readonly string[];
  readonly https?: HttpsAccess;
  /** Loads the AWS SDK on its first call. */
  readonly s3?: () => Promise<S3Access>;
}

/**
 * Opens a source and checks that it can be uploaded: this process may read it, it has 1 byte to 5 GiB, and Aplos NCA
 * supports its type. A source of unknown length is spooled to disk first.
 *
 * @param source a `file:`, `https:` or `s3:` URL
 * @param fileName file name at Aplos; its extension is the type
 * @param access sources that may be read. Default: any local file
 * @throws {@link UploadError} `SOURCE_UNSUPPORTED`, `FILE_TYPE_UNSUPPORTED`, `FILE_EMPTY`, `FILE_TOO_LARGE`
 * @throws {@link UploadError} for a file: `FILE_NOT_FOUND`, `FILE_NOT_REGULAR`, `FILE_UNREADABLE`,
 * `FILE_OUTSIDE_ROOTS`, `FILE_READ_FAILED`, `FILE_READ_STALLED`
 * @throws {@link UploadError} for a server: all other codes that begin with `SOURCE_`
 * @throws the signal's reason if aborted
 */
export async function openSource(
  source: string,
  fileName: string,
  access: SourceAccess = {},
  timeouts: ReadTimeouts = {},
): Promise<OpenFile> {
  const opened = await open(source, fileName, access, timeouts);
  return 'spool' in opened ? opened.spool() : opened;
}

/**
 * Checks that a source can be uploaded and has the expected size, without reading it.
 *
 * @returns its size in bytes; `undefined` if its server does not report it
 * @throws {@link UploadError} like {@link openSource}, and `FILE_NOT_AS_EXPECTED`
 * @throws the signal's reason if aborted
 */
export async function checkSource(
  { source, fileName, expect }: Pick<UploadRequest, 'source' | 'fileName' | 'expect'>,
  access: SourceAccess,
  timeouts: ReadTimeouts = {},
): Promise<number | undefined> {
  const opened = await open(source, fileName, access, timeouts);
  try {
    if ('spool' in opened) return undefined;
    assertSize(opened, expect?.sizeBytes);
    return opened.sizeBytes;
  } finally {
    await opened.close();
  }
}

async function open(
  source: string,
  fileName: string,
  access: SourceAccess,
  timeouts: ReadTimeouts,
): Promise<OpenFile | UnsizedSource> {
  const path = shownSource(source);
  const url = URL.canParse(source) ? new URL(source) : undefined;
  if (!url) throw unsupported('The source is not a URL');
  if (url.protocol === 'file:') return openLocal(url, fileName, path, access, timeouts);
  assertSupportedType(fileName);
  switch (url.protocol) {
    case 'https:':
    case 'http:':
      if (url.username || url.password)
        throw unsupported(`The source ${quote(path)} contains a user name or password`);
      if (!access.https) throw unsupported(`The source ${quote(path)} can only be read by a worker`);
      return (await import('./https-source.js')).openHttps(url, path, access.https, timeouts);
    case 's3:':
      return openObject(url, path, access, timeouts);
    default:
      throw unsupported(`The worker cannot read ${url.protocol} sources`);
  }
}

/** Opens a local file. A file that does not exist is reported as missing, whatever its type. */
function openLocal(
  url: URL,
  fileName: string,
  shown: string,
  { roots = [] }: SourceAccess,
  timeouts: ReadTimeouts,
): Promise<OpenFile> {
  if (url.search || url.hash)
    throw unsupported(`The source ${quote(shown)} contains ? or #, to be written as %3F and %23 in a path`);
  const path = localPath(url);
  if (path === undefined) throw unsupported(`The source ${quote(shown)} is not the path of a local file`);
  const opening = hasSupportedType(fileName)
    ? openFile(path, roots)
    : assertIsFile(path, roots).then(() => {
        throw unsupportedType(fileName);
      });
  return waitFor(opening, timeouts, () => readStalled(path, timeouts)).catch((error: unknown) => {
    opening.then((file) => file.close()).catch(() => {}); // in case it opens later
    throw error;
  });
}

async function openObject(
  url: URL,
  shown: string,
  { s3 }: SourceAccess,
  timeouts: ReadTimeouts,
): Promise<OpenFile> {
  const location = objectLocation(url);
  if (!location)
    throw unsupported(
      `The source ${quote(shown)} must have the format s3://bucket/key or s3://bucket/key?versionId=…`,
    );
  if (!s3) throw unsupported(`The source ${quote(shown)} can only be read by a worker`);
  return openS3(location, shown, await s3(), timeouts);
}

const unsupported = (happened: string) => new UploadError('SOURCE_UNSUPPORTED', happened);

/** Options for reading a file to calculate its SHA-256. */
export interface HashOptions extends ReadTimeouts {
  /** Called with the number of bytes read so far. */
  readonly onBytes?: (bytesRead: number) => void;
}

/**
 * Reads a whole file and returns its SHA-256 in lower-case hex.
 *
 * @throws {@link UploadError} `FILE_CHANGED`, `FILE_READ_FAILED`, `FILE_READ_STALLED`
 * @throws the signal's reason if aborted
 */
export async function hashFile(file: OpenFile, options: HashOptions = {}): Promise<FileHash> {
  try {
    return await hashWith(openHasher(file, ['sha256']), file, options);
  } catch (error) {
    if (!(error instanceof UploadError) || error.code !== 'INTERNAL') throw error;
    return hashWith(new InlineHasher(['sha256']), file, options); // a thread has ended
  }
}

/** SHA-256 of a file in lower-case hex, and its size. */
export interface FileHash {
  readonly sha256: string;
  readonly sizeBytes: number;
}

async function hashWith(
  hasher: Hasher<'sha256'>,
  file: OpenFile,
  { onBytes, ...timeouts }: HashOptions,
): Promise<FileHash> {
  try {
    let sizeBytes = 0;
    for await (const chunk of file.chunks({ ...timeouts, buffers: hasher.buffers })) {
      await hasher.update(chunk);
      sizeBytes += chunk.length;
      onBytes?.(sizeBytes);
    }
    return { ...(await hasher.digest()), sizeBytes };
  } finally {
    hasher.close();
  }
}

/**
 * Checks that a file has the expected size, without reading it.
 *
 * @param expected size in bytes. If it is `undefined`, any size is accepted
 * @throws {@link UploadError} `FILE_NOT_AS_EXPECTED` with both values
 */
export function assertSize(file: OpenFile, expected: number | undefined): void {
  if (expected !== undefined && expected !== file.sizeBytes)
    throw notAsExpected(file, 'size', `${file.sizeBytes} bytes`, `${expected} bytes`);
}

/**
 * Checks that a file has the expected SHA-256.
 *
 * @throws {@link UploadError} `FILE_NOT_AS_EXPECTED` with both values
 */
export function assertSha256(file: OpenFile, actual: string, expected: string): void {
  if (actual !== expected) throw notAsExpected(file, 'SHA-256', actual, expected);
}

const notAsExpected = ({ path }: OpenFile, what: string, actual: string, expected: string) =>
  new UploadError(
    'FILE_NOT_AS_EXPECTED',
    `The file ${quote(path)} is not the expected one: its ${what} is ${actual} instead of ${expected}`,
  );
