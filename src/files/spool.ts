import { tmpdir } from 'node:os';
import { UploadError } from '../contract/errors.js';
import { quote } from '../util/quote.js';
import { systemErrorCode } from '../util/system-error.js';
import { assertSupportedSize } from './file-limits.js';
import { DiskFile, type OpenFile } from './open-file.js';
import { openUnlinkedFile } from './unlinked-file.js';

/** A source in an unlinked temporary file: no other process can change it, and it disappears when it is closed. */
class SpooledFile extends DiskFile {
  override async assertUnchanged(): Promise<void> {}
}

/**
 * Spools a source to a temporary file to learn its length. The file is unlinked before the first byte is written, so it
 * disappears however this process ends.
 *
 * @param path the source as shown in messages
 * @throws {@link UploadError} `SOURCE_SPOOL_LIMIT`, `SOURCE_SPOOL_FAILED`, `FILE_EMPTY`, `FILE_TOO_LARGE`
 * @throws any error from reading the bytes
 */
export async function spool(
  bytes: AsyncIterable<Buffer>,
  path: string,
  limitBytes: number,
): Promise<OpenFile> {
  const handle = await openUnlinkedFile((cause) => spoolFailed(path, cause));
  try {
    let sizeBytes = 0;
    for await (const chunk of bytes) {
      sizeBytes += chunk.length;
      if (sizeBytes > limitBytes)
        throw new UploadError(
          'SOURCE_SPOOL_LIMIT',
          `The server does not report the length of the source ${quote(path)}, which is longer than ${limitBytes} bytes`,
        );
      await handle.writeFile(chunk).catch((error: unknown) => {
        throw spoolFailed(path, error);
      });
    }
    assertSupportedSize(path, sizeBytes);
    return new SpooledFile(path, handle, await handle.stat({ bigint: true }));
  } catch (error) {
    await handle.close().catch(() => {});
    throw error;
  }
}

const spoolFailed = (path: string, cause: unknown) =>
  new UploadError(
    'SOURCE_SPOOL_FAILED',
    `Cannot write the source ${quote(path)} to a temporary file in ${tmpdir()} (${systemErrorCode(cause)})`,
    { cause },
  );
