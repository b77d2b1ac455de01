import type { FileHandle } from 'node:fs/promises';
import type { ResultsPackage } from '../contract/results.js';
import { CHUNK_BYTES } from '../files/chunk-buffers.js';
import { type Checksums, openHasher } from '../files/hasher.js';
import { type ReadTimeouts, waitFor } from '../files/read-timeouts.js';
import { RemoteFile } from '../files/remote-file.js';
import { quote } from '../util/quote.js';
import { type PackageObject, packageErrors } from './package-object.js';
import { damaged } from './package-responses.js';
import { asUnwritable, unwritable } from './write-errors.js';

/** Size and SHA-256 of a complete download. */
export type DownloadedBytes = Pick<ResultsPackage, 'sizeBytes' | 'sha256'>;

/** Options of {@link download}. */
export interface DownloadOptions extends ReadTimeouts {
  readonly origin: { readonly executionId: string };
  /** Called with the number of bytes received so far, and their total number. */
  readonly onProgress: (bytesReceived: number, totalBytes: number) => void;
  /** Delays in milliseconds before consecutive attempts to resume. Default: those of sources */
  readonly resumeDelaysMs?: readonly number[] | undefined;
}

/**
 * Downloads a package into an open, empty file. Resumes after interruptions. Holds a few chunks in memory.
 *
 * @param path the destination as shown in messages
 * @throws UploadError `RESULTS_UNWRITABLE`, `RESULTS_DAMAGED`, or like {@link PackageObject.open}
 * @throws the signal's reason if aborted
 */
export async function download(
  object: PackageObject,
  handle: FileHandle,
  path: string,
  options: DownloadOptions,
): Promise<DownloadedBytes> {
  const { origin, onProgress, resumeDelaysMs } = options;
  const file = new RemoteFile(object, resumeDelaysMs, packageErrors(origin.executionId));
  const hasher = openHasher(object, ['md5', 'sha256']);
  try {
    let bytesReceived = 0;
    onProgress(0, object.sizeBytes);
    for await (const chunk of file.chunks(options)) {
      await hasher.update(chunk);
      await write(handle, chunk, path, options);
      bytesReceived += chunk.length;
      onProgress(bytesReceived, object.sizeBytes);
    }
    const { md5, sha256 } = await hasher.digest();
    const { size } = await handle.stat();
    if (bytesReceived !== object.sizeBytes || size !== object.sizeBytes)
      throw damaged(
        origin.executionId,
        `has ${object.sizeBytes} bytes at S3, but ${bytesReceived} were received and ${size} stored`,
      );
    if (object.md5 !== undefined && object.md5 !== md5)
      throw damaged(origin.executionId, `has MD5 ${object.md5} at S3, but ${md5} was received`);
    return { sizeBytes: object.sizeBytes, sha256 };
  } finally {
    hasher.close();
  }
}

async function write(handle: FileHandle, chunk: Buffer, path: string, timeouts: ReadTimeouts): Promise<void> {
  const stalled = () => unwritable(`Cannot write results to ${quote(path)}: the disk does not respond`);
  try {
    await waitFor(handle.writeFile(chunk), timeouts, stalled);
  } catch (error) {
    timeouts.signal?.throwIfAborted();
    throw asUnwritable(error, path);
  }
}

/**
 * Returns the checksums of an open file.
 *
 * @throws the system's error, or the signal's reason if aborted
 */
export async function hashOf(handle: FileHandle, { signal }: ReadTimeouts = {}): Promise<Checksums> {
  const { size: sizeBytes } = await handle.stat();
  const hasher = openHasher({ sizeBytes }, ['md5', 'sha256']);
  try {
    const buffer = Buffer.alloc(CHUNK_BYTES);
    for (let position = 0; ; ) {
      signal?.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) return await hasher.digest();
      await hasher.update(buffer.subarray(0, bytesRead));
      position += bytesRead;
    }
  } finally {
    hasher.close();
  }
}
