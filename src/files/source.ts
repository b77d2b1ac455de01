import { UploadError } from '../contract/errors.js';
import type { UploadRequest } from '../contract/request.js';
import { shownSource } from '../contract/source.js';
import { quote } from '../util/quote.js';
import { type Checksums, RunningChecksums } from './checksums.js';
import { assertSupportedType } from './file-limits.js';
import { localPath, openFile } from './file-source.js';
import { type HttpsAccess, openHttps, type UnsizedSource } from './https-source.js';
import { type OpenFile, readStalled } from './open-file.js';
import { type ReadTimeouts, waitFor } from './read-timeouts.js';
import { objectLocation, openS3, type S3Access } from './s3-source.js';

export type { Checksums as Sums } from './checksums.js';
export type { OpenFile } from './open-file.js';
export type { ReadTimeouts as Patience } from './read-timeouts.js';

/** What may be read, and how. Of a kind that is left out, nothing may. */
export interface SourceAccess {
  /** Folders below which a `file:` must really lie, all links followed. Default: anywhere */
  readonly roots?: readonly string[];
  readonly https?: HttpsAccess;
  /** Loads the AWS SDK when it is first called. */
  readonly s3?: () => Promise<S3Access>;
}

/**
 * Opens a source and checks that it can be uploaded: a file that this process may read, of 1 byte to 5 GiB, of a
 * type that Aplos NCA takes. What has no length beforehand is taken to the disk first.
 *
 * @param source a `file:`, `https:` or `s3:` URL
 * @param fileName what Aplos will show; its ending tells the type
 * @param access what may be read; default: any local file
 * @param patience how long to wait for a file system or a server
 * @throws {@link UploadError} `SOURCE_UNSUPPORTED`, `FILE_TYPE_UNSUPPORTED`, `FILE_EMPTY`, `FILE_TOO_LARGE`
 * @throws {@link UploadError} of a file: `FILE_NOT_FOUND`, `FILE_NOT_REGULAR`, `FILE_UNREADABLE`,
 * `FILE_OUTSIDE_ROOTS`, `FILE_READ_FAILED`, `FILE_READ_STALLED`
 * @throws {@link UploadError} of a server: all others that begin with `SOURCE_`
 * @throws the signal's reason when aborted
 */
export async function openSource(
  source: string,
  fileName: string,
  access: SourceAccess = {},
  patience: ReadTimeouts = {},
): Promise<OpenFile> {
  const opened = await open(source, fileName, access, patience);
  return 'spool' in opened ? opened.spool() : opened;
}

/**
 * Looks whether a source can be uploaded, without reading it, and compares its size with the one expected.
 *
 * @returns its size in bytes, if that is known beforehand
 * @throws {@link UploadError} as {@link openSource}, and `FILE_NOT_AS_EXPECTED`
 * @throws the signal's reason when aborted
 */
export async function checkSource(
  { source, fileName, expect }: Pick<UploadRequest, 'source' | 'fileName' | 'expect'>,
  access: SourceAccess,
  patience: ReadTimeouts = {},
): Promise<number | undefined> {
  const opened = await open(source, fileName, access, patience);
  try {
    if ('spool' in opened) return undefined;
    await assertAsExpected(opened, { sizeBytes: expect?.sizeBytes });
    return opened.sizeBytes;
  } finally {
    await opened.close();
  }
}

async function open(
  source: string,
  fileName: string,
  access: SourceAccess,
  patience: ReadTimeouts,
): Promise<OpenFile | UnsizedSource> {
  const shown = shownSource(source);
  const url = URL.canParse(source) ? new URL(source) : undefined;
  if (!url) throw unsupported('The source is not a URL');
  assertSupportedType(fileName);
  switch (url.protocol) {
    case 'file:':
      return openLocal(url, shown, access, patience);
    case 'https:':
    case 'http:':
      if (url.username || url.password)
        throw unsupported(`The source ${quote(shown)} has a user name or a password in it`);
      if (!access.https) throw unsupported(`The source ${quote(shown)} can be read by a worker only`);
      return openHttps(url, shown, access.https, patience);
    case 's3:':
      return openObject(url, shown, access, patience);
    default:
      throw unsupported(`The worker cannot read sources of the kind ${url.protocol}`);
  }
}

function openLocal(
  url: URL,
  shown: string,
  { roots = [] }: SourceAccess,
  patience: ReadTimeouts,
): Promise<OpenFile> {
  if (url.search || url.hash)
    throw unsupported(
      `The source ${quote(shown)} has a ? or # after it, to be written as %3F and %23 in a path`,
    );
  const path = localPath(url);
  if (path === undefined) throw unsupported(`The source ${quote(shown)} is not the path of a local file`);
  const opening = openFile(path, roots);
  return waitFor(opening, patience, (waitedMs) => readStalled(path, waitedMs)).catch((error: unknown) => {
    opening.then((file) => file.close()).catch(() => {}); // in case it opens after all
    throw error;
  });
}

async function openObject(
  url: URL,
  shown: string,
  { s3 }: SourceAccess,
  patience: ReadTimeouts,
): Promise<OpenFile> {
  const location = objectLocation(url);
  if (!location)
    throw unsupported(
      `The source ${quote(shown)} is not of the form s3://bucket/key or s3://bucket/key?versionId=…`,
    );
  if (!s3) throw unsupported(`The source ${quote(shown)} can be read by a worker only`);
  return openS3(location, shown, await s3(), patience);
}

const unsupported = (happened: string) => new UploadError('SOURCE_UNSUPPORTED', happened);

/** How a file is read for its sums. */
export interface HashOptions extends ReadTimeouts {
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
): Promise<Checksums & { readonly sizeBytes: number }> {
  const sums = new RunningChecksums();
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
    `The file ${quote(path)} is not the one the sender saw: its ${what} is ${actual}, expected was ${expected}`,
  );
