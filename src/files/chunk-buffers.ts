/** Size of a chunk that is read into a new buffer: 256 KiB. */
export const CHUNK_BYTES = 256 * 1024;

/** Buffers for the chunks of a file. The content of one may change once the next chunk but one is requested. */
export interface ChunkBuffers {
  /** Waits for a free buffer, and fills it. The buffer is not used for anything else until the read has ended. */
  fill<Result>(read: (buffer: Buffer) => Promise<Result>): Promise<Result>;
}
