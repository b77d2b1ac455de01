import type { BigIntStats } from 'node:fs';
import { type FileHandle, stat } from 'node:fs/promises';
import { UploadError } from '../contract/errors.js';
import { quote } from '../util/quote.js';
import { systemErrorCode } from '../util/system-error.js';
import { CHUNK_BYTES, type ChunkBuffers } from './chunk-buffers.js';
import { isMissing } from './listing.js';
import { IDLE_TIMEOUT_MS, PacedReads, type ReadTimeouts, waitFor } from './read-timeouts.js';

/** Limits and buffers for reading a file. */
export interface ReadOptions extends ReadTimeouts {
  /** Buffers to read into. A chunk is then valid until the next one is requested. Default: a new buffer for each chunk */
  readonly buffers?: ChunkBuffers | undefined;
}

/** An open file that can be uploaded. The caller who opened it must close it. */
export interface OpenFile {
  /** Location as the worker sees it, without secrets. */
  readonly path: string;
  /** Size in bytes when it was opened. */
  readonly sizeBytes: number;
  /** Version ID of an S3 object, if its bucket is versioned. */
  readonly versionId?: string | undefined;
  /**
   * Reads the file from start to end, in chunks of at most {@link CHUNK_BYTES}, or the size of the given buffers, one chunk
   * ahead of the consumer. Each call starts over. The last chunk is yielded only if the file is unchanged, so all chunks
   * together are the file as it was when it was opened.
   *
   * @throws {@link UploadError} `FILE_CHANGED`, `FILE_READ_FAILED`, `FILE_READ_STALLED`; for a file on a server, `SOURCE_…`
   * @throws the signal's reason if aborted
   */
  chunks(options?: ReadOptions): AsyncIterable<Buffer>;
  /** Closes the file. Never throws, and does not wait for a read that hangs. */
  close(): Promise<void>;
}

/** The methods of `FileHandle` that {@link DiskFile} needs. */
export type ReadableHandle = Pick<FileHandle, 'read' | 'close'> & {
  stat(options: { bigint: true }): Promise<BigIntStats>;
};

/** A file on a disk or a network share. */
export class DiskFile implements OpenFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly #handle: ReadableHandle;
  readonly #statsAtOpen: BigIntStats;
  #pendingReads = 0;

  /** @param statsAtOpen result of `stat` right after the file was opened */
  constructor(path: string, handle: ReadableHandle, statsAtOpen: BigIntStats) {
    this.path = path;
    this.sizeBytes = Number(statsAtOpen.size);
    this.#handle = handle;
    this.#statsAtOpen = statsAtOpen;
  }

  async *chunks(options: ReadOptions = {}): AsyncGenerator<Buffer, void> {
    let position = 0;
    const reads = new PacedReads(options, (bytes) => readStalled(this.path, options, bytes));
    let reading = this.#read(position, reads, options);
    while (position < this.sizeBytes) {
      const chunk = await reading;
      if (chunk.length === 0) throw this.#changed('became shorter');
      position += chunk.length;
      if (position < this.sizeBytes) {
        reading = this.#read(position, reads, options);
        reading.catch(() => {}); // awaited in the next iteration, unless the consumer stops
      } else {
        await this.assertUnchanged(options);
      }
      yield chunk;
    }
  }

  /**
   * Checks that the path still refers to the same file, and that the file has not changed since it was opened.
   *
   * @throws {@link UploadError} `FILE_CHANGED`, `FILE_READ_FAILED`, `FILE_READ_STALLED`
   * @throws the signal's reason if aborted
   */
  async assertUnchanged(timeouts: ReadTimeouts = {}): Promise<void> {
    const [current, atPath, beyondEnd] = await this.#pending(
      Promise.all([
        this.#handle.stat({ bigint: true }),
        stat(this.path, { bigint: true }).catch(undefinedIfMissing),
        this.#handle.read(Buffer.alloc(1), 0, 1, this.sizeBytes),
      ]),
      (checks) => waitFor(checks, timeouts, () => readStalled(this.path, timeouts)),
      timeouts,
    );
    if (beyondEnd.bytesRead > 0) throw this.#changed('became longer');
    if (identity(current) !== identity(this.#statsAtOpen))
      throw this.#changed('was written to, moved or removed');
    if (!atPath || identity(atPath) !== identity(current)) throw this.#changed('was replaced or removed');
  }

  async close(): Promise<void> {
    const closed = this.#handle.close().catch(() => {});
    if (this.#pendingReads === 0) await closed;
  }

  async #read(position: number, reads: PacedReads, options: ReadOptions): Promise<Buffer> {
    const rest = this.sizeBytes - position;
    const into = (buffer: Buffer) => this.#handle.read(buffer, 0, Math.min(buffer.length, rest), position);
    const { bytesRead, buffer } = await this.#pending(
      options.buffers
        ? options.buffers.fill(into)
        : into(Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, rest))),
      (read) => reads.next(read, (result) => result.bytesRead),
      options,
    );
    return buffer.subarray(0, bytesRead);
  }

  async #pending<Result>(
    work: Promise<Result>,
    wait: (work: Promise<Result>) => Promise<Result>,
    { signal }: ReadTimeouts,
  ): Promise<Result> {
    this.#pendingReads++;
    const read = work.finally(() => {
      this.#pendingReads--;
    });
    try {
      return await wait(read);
    } catch (error) {
      if (signal?.aborted || error instanceof UploadError) throw error;
      throw readFailed(this.path, error);
    }
  }

  #changed(how: string): UploadError {
    return new UploadError('FILE_CHANGED', `The file ${quote(this.path)} ${how} while it was read`);
  }
}

/** Returns the error for a file system that returns no data, or only a few bytes, within the idle timeout. */
export const readStalled = (
  path: string,
  { idleTimeoutMs = IDLE_TIMEOUT_MS }: ReadTimeouts,
  bytes = 0,
): UploadError =>
  new UploadError(
    'FILE_READ_STALLED',
    `${bytes > 0 ? `Only ${bytes} bytes` : 'No data'} could be read from the file ${quote(path)} for ${idleTimeoutMs / 1000} s`,
  );

/** Returns the error for a failed read. */
export const readFailed = (path: string, cause: unknown): UploadError =>
  new UploadError('FILE_READ_FAILED', `Cannot read the file ${quote(path)} (${systemErrorCode(cause)})`, {
    cause,
  });

const identity = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats) =>
  [dev, ino, size, mtimeNs, ctimeNs].join();

function undefinedIfMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}
