import type { BigIntStats } from 'node:fs';
import { type FileHandle, stat } from 'node:fs/promises';
import { UploadError } from '../contract/errors.js';
import { quote } from '../util/quote.js';
import { systemErrorCode } from '../util/system-error.js';
import { type ReadTimeouts, waitFor } from './read-timeouts.js';

/** The most bytes that are handed on at a time: 256 KiB. */
export const CHUNK_BYTES = 256 * 1024;

/** A file that was found fit to be uploaded, open for reading. Whoever opened it closes it. */
export interface OpenFile {
  /** Where it is, as the worker sees it and messages may show it. */
  readonly path: string;
  /** When it was opened. */
  readonly sizeBytes: number;
  /** Whether it is on this machine or a share, so that to read it a second time costs little. */
  readonly isOnDisk: boolean;
  /** Which version of an object it is, where a bucket has versions. */
  readonly versionId?: string | undefined;
  /**
   * Reads the file from its first byte to its last, at most {@link CHUNK_BYTES} at a time and one read ahead of
   * whoever takes them. Each call reads anew. The last bytes are only given if the file is unchanged, so what
   * was read to its end is the file as it was when it was opened.
   *
   * @throws {@link UploadError} `FILE_CHANGED`, `FILE_READ_FAILED`, `FILE_READ_STALLED`; of a server, `SOURCE_…`
   * @throws the signal's reason when aborted
   */
  chunks(patience?: ReadTimeouts): AsyncIterable<Buffer>;
  /** Closes the file. Never throws, and does not wait for a read that hangs. */
  close(): Promise<void>;
}

/** What is used of node's `FileHandle`. */
export type Handle = Pick<FileHandle, 'read' | 'close'> & {
  stat(options: { bigint: true }): Promise<BigIntStats>;
};

/** A file on a disk or a mounted share. */
export class DiskFile implements OpenFile {
  readonly isOnDisk = true;
  readonly path: string;
  readonly sizeBytes: number;
  readonly #handle: Handle;
  readonly #asOpened: BigIntStats;
  #readsUnderWay = 0;

  /**
   * @param path where it is
   * @param handle open for reading
   * @param asOpened the handle's status right after it was opened
   */
  constructor(path: string, handle: Handle, asOpened: BigIntStats) {
    this.path = path;
    this.sizeBytes = Number(asOpened.size);
    this.#handle = handle;
    this.#asOpened = asOpened;
  }

  async *chunks(patience: ReadTimeouts = {}): AsyncGenerator<Buffer, void> {
    let position = 0;
    let reading = this.#read(position, patience);
    while (position < this.sizeBytes) {
      const chunk = await reading;
      if (chunk.length === 0) throw this.#changed('became shorter');
      position += chunk.length;
      if (position < this.sizeBytes) {
        reading = this.#read(position, patience);
        reading.catch(() => {}); // is awaited in the next round, if there is one
      } else {
        await this.assertUnchanged(patience);
      }
      yield chunk;
    }
  }

  /**
   * Checks that the path still leads to this very file, and that it has not been written to since it was opened.
   *
   * @throws {@link UploadError} `FILE_CHANGED`, `FILE_READ_FAILED`, `FILE_READ_STALLED`
   * @throws the signal's reason when aborted
   */
  async assertUnchanged(patience: ReadTimeouts = {}): Promise<void> {
    const [ours, atPath, beyondEnd] = await this.#answer(
      Promise.all([
        this.#handle.stat({ bigint: true }),
        stat(this.path, { bigint: true }).catch(nothingWhenGone),
        this.#handle.read(Buffer.alloc(1), 0, 1, this.sizeBytes),
      ]),
      patience,
    );
    if (beyondEnd.bytesRead > 0) throw this.#changed('became longer');
    if (identity(ours) !== identity(this.#asOpened)) throw this.#changed('was written to, moved or removed');
    if (!atPath || identity(atPath) !== identity(ours)) throw this.#changed('was replaced or removed');
  }

  async close(): Promise<void> {
    const closed = this.#handle.close().catch(() => {});
    if (this.#readsUnderWay === 0) await closed;
  }

  async #read(position: number, patience: ReadTimeouts): Promise<Buffer> {
    const size = Math.min(CHUNK_BYTES, this.sizeBytes - position);
    const { bytesRead, buffer } = await this.#answer(
      this.#handle.read(Buffer.allocUnsafeSlow(size), 0, size, position),
      patience,
    );
    return buffer.subarray(0, bytesRead);
  }

  async #answer<Result>(work: Promise<Result>, patience: ReadTimeouts): Promise<Result> {
    this.#readsUnderWay++;
    const counted = work.finally(() => {
      this.#readsUnderWay--;
    });
    try {
      return await waitFor(counted, patience, (waitedMs) => readStalled(this.path, waitedMs));
    } catch (error) {
      if (patience.signal?.aborted || error instanceof UploadError) throw error;
      throw readFailed(this.path, error);
    }
  }

  #changed(how: string): UploadError {
    return new UploadError('FILE_CHANGED', `The file ${quote(this.path)} ${how} while it was read`);
  }
}

/** The error for a file system that does not answer. */
export const readStalled = (path: string, waitedMs: number): UploadError =>
  new UploadError('FILE_READ_STALLED', `The file ${quote(path)} gave no byte for ${waitedMs / 1000} s`);

/** The error for a read that failed. */
export const readFailed = (path: string, cause: unknown): UploadError =>
  new UploadError('FILE_READ_FAILED', `Reading the file ${quote(path)} failed (${systemErrorCode(cause)})`, {
    cause,
  });

const identity = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats) =>
  [dev, ino, size, mtimeNs, ctimeNs].join();

function nothingWhenGone(error: unknown): undefined {
  if (!['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error))) throw error;
}
