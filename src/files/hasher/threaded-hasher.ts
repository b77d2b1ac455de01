import type { Hasher } from './hasher.js';
import type { Ring } from './ring.js';
import type { Algorithm } from './thread.js';
import type { Lane } from './threads.js';

/** Calculates checksums in threads, one for each algorithm, so that a file takes as long as the slowest of them. */
export class ThreadedHasher<Name extends Algorithm> implements Hasher<Name> {
  readonly buffers: Ring;
  readonly #hashes: readonly (Lane & { readonly id: number })[];
  /** Start of a buffer with bytes that were copied, and are not queued yet. */
  #copied: { readonly buffer: Buffer; length: number } | undefined;
  #isClosed = false;

  constructor(ring: Ring, lanes: readonly Lane[]) {
    this.buffers = ring;
    this.#hashes = lanes.map((lane) => ({ ...lane, id: lane.thread.open() }));
  }

  update(chunk: Buffer): void | Promise<void> {
    return this.buffers.holds(chunk) ? this.#queue(chunk) : this.#copy(chunk);
  }

  async digest(): Promise<Readonly<Record<Name, string>>> {
    this.#queueCopied();
    const digests = this.#hashes.map(
      async ({ thread, id, algorithm }) => [algorithm, await thread.digest(id, algorithm)] as const,
    );
    return Object.fromEntries(await Promise.all(digests)) as Record<Name, string>;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const { thread, id, algorithm, giveBack } of this.#hashes) {
      thread.drop(id, algorithm);
      giveBack();
    }
    this.buffers.close();
  }

  #queue(bytes: Buffer): void {
    const commands = this.#hashes.map(
      ({ thread, id, algorithm }) =>
        [thread, thread.update(id, algorithm, bytes.byteOffset, bytes.length)] as const,
    );
    this.buffers.keepUntil(bytes, () =>
      Promise.all(commands.map(([thread, command]) => thread.until(command))),
    );
  }

  /** Copies a chunk of a file on a server. Its chunks may be small, so a buffer is queued once it is full. */
  async #copy(chunk: Buffer): Promise<void> {
    for (let start = 0; start < chunk.length; ) {
      this.#copied ??= { buffer: await this.buffers.fill(async (buffer) => buffer), length: 0 };
      const { buffer, length } = this.#copied;
      const bytes = chunk.copy(buffer, length, start);
      this.#copied.length += bytes;
      start += bytes;
      if (this.#copied.length === buffer.length) this.#queueCopied();
    }
  }

  #queueCopied(): void {
    if (!this.#copied) return;
    const { buffer, length } = this.#copied;
    this.#copied = undefined;
    this.#queue(buffer.subarray(0, length));
  }
}
