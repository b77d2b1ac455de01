import { createHash } from 'node:crypto';
import type { Hasher } from './hasher.js';
import type { Ring } from './ring.js';
import type { Algorithm } from './thread.js';

/** Calculates checksums in this thread. */
export class InlineHasher<Name extends Algorithm> implements Hasher<Name> {
  readonly #hashes;

  /** @param buffers buffers to read the file into. Default: new ones for each chunk */
  constructor(
    algorithms: readonly Name[],
    readonly buffers: Ring | undefined = undefined,
  ) {
    this.#hashes = algorithms.map((algorithm) => [algorithm, createHash(algorithm)] as const);
  }

  update(chunk: Buffer): void {
    for (const [, hash] of this.#hashes) hash.update(chunk);
  }

  async digest(): Promise<Readonly<Record<Name, string>>> {
    const digests = this.#hashes.map(([algorithm, hash]) => [algorithm, hash.digest('hex')]);
    return Object.fromEntries(digests) as Record<Name, string>;
  }

  close(): void {
    this.buffers?.close();
  }
}
