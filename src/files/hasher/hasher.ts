import type { ChunkBuffers } from '../chunk-buffers.js';
import type { Algorithm } from './thread.js';

/** Checksums of a file in lower-case hex. */
export type Checksums = Readonly<Record<'md5' | 'sha256', string>>;

/** Calculates checksums of one file while it is read. The caller who opened it must close it. */
export interface Hasher<Name extends Algorithm> {
  /** Buffers to read the file into. Default: new ones. Other chunks are accepted, too, and copied. */
  readonly buffers: ChunkBuffers | undefined;
  /**
   * Adds the next chunk. Its bytes must not change until the promise resolves; in one of {@link buffers}, they do not
   * change until they are hashed.
   *
   * @throws UploadError `INTERNAL` if a thread has ended
   */
  update(chunk: Buffer): void | Promise<void>;
  /**
   * Returns the checksums of all chunks in lower-case hex. Can be called once.
   *
   * @throws UploadError `INTERNAL` if a thread has ended
   */
  digest(): Promise<Readonly<Record<Name, string>>>;
  /** Gives the buffers and the threads back. Nothing may read from the buffers any more. Never throws. */
  close(): void;
}
