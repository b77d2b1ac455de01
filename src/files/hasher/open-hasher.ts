import { CHUNK_BYTES } from '../chunk-buffers.js';
import type { OpenFile } from '../open-file.js';
import type { Hasher } from './hasher.js';
import { InlineHasher } from './inline-hasher.js';
import { MIN_BUFFERS, Ring } from './ring.js';
import type { Algorithm } from './thread.js';
import { ThreadedHasher } from './threaded-hasher.js';
import { hashThreads } from './threads.js';

/** Size from which a file is hashed in threads: 8 MiB. A smaller file takes less time than the start of a thread. */
export const LEAST_BYTES_FOR_THREADS = 8 * 1024 * 1024;

/** Opens a hasher for a file: with a thread for each algorithm if the file is large, and otherwise in this thread. */
export function openHasher<Name extends Algorithm>(
  { sizeBytes }: Pick<OpenFile, 'sizeBytes'>,
  algorithms: readonly Name[],
): Hasher<Name> {
  if (sizeBytes <= CHUNK_BYTES) return new InlineHasher(algorithms);
  const ring = sizeBytes < LEAST_BYTES_FOR_THREADS ? undefined : hashThreads.openRing();
  if (!ring) return new InlineHasher(algorithms, new Ring(newBuffers()));
  return new ThreadedHasher(ring, hashThreads.lanes(algorithms));
}

/** A new buffer for each chunk would be garbage of megabytes for each file. */
const newBuffers = () => Array.from({ length: MIN_BUFFERS }, () => Buffer.allocUnsafeSlow(CHUNK_BYTES));
