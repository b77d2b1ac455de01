import { randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UploadError } from '../contract/errors.js';
import { quote } from '../util/quote.js';
import { systemErrorCode } from '../util/system-error.js';
import { assertSupportedSize } from './file-limits.js';
import { DiskFile, type OpenFile } from './open-file.js';

/** A source that is on this machine, in a file without a name: nobody else can change it, and it is gone when closed. */
class SpooledFile extends DiskFile {
  override async assertUnchanged(): Promise<void> {}
}

/**
 * Takes bytes to a temporary file, to learn how many they are. The file has no name any more before the first
 * byte is written, so that nothing is left of it whatever ends this process.
 *
 * @param bytes what is taken
 * @param path where they come from, as messages show it
 * @param limitBytes the most that is taken
 * @throws {@link UploadError} `SOURCE_SPOOL_LIMIT`, `SOURCE_SPOOL_FAILED`, `FILE_EMPTY`, `FILE_TOO_LARGE`
 * @throws whatever the bytes throw
 */
export async function spool(
  bytes: AsyncIterable<Buffer>,
  path: string,
  limitBytes: number,
): Promise<OpenFile> {
  const handle = await namelessFile(path);
  try {
    let taken = 0;
    for await (const chunk of bytes) {
      taken += chunk.length;
      if (taken > limitBytes)
        throw new UploadError(
          'SOURCE_SPOOL_LIMIT',
          `The server of ${quote(path)} does not say how long it is, and it is longer than ${limitBytes} bytes`,
        );
      await handle.writeFile(chunk).catch((error: unknown) => {
        throw spoolFailed(path, error);
      });
    }
    assertSupportedSize(path, taken);
    return new SpooledFile(path, handle, await handle.stat({ bigint: true }));
  } catch (error) {
    await handle.close().catch(() => {});
    throw error;
  }
}

async function namelessFile(path: string): Promise<FileHandle> {
  const name = join(tmpdir(), `aplos-upload-${randomUUID()}`);
  try {
    const handle = await open(name, 'wx+', 0o600);
    await unlink(name).catch(async (error: unknown) => {
      await handle.close();
      throw error;
    });
    return handle;
  } catch (error) {
    throw spoolFailed(path, error);
  }
}

const spoolFailed = (path: string, cause: unknown) =>
  new UploadError(
    'SOURCE_SPOOL_FAILED',
    `The source ${quote(path)} could not be written to a temporary file in ${tmpdir()} (${systemErrorCode(cause)})`,
    { cause },
  );
