import type { ChunkBuffers } from '../chunk-buffers.js';

/** A buffer of a {@link Ring}. */
interface Slot {
  readonly buffer: Buffer;
  /** Waits until the threads have hashed what is in the buffer. */
  hashed: () => Promise<unknown>;
}

/** A buffer that is sent, one that is filled, and one that is hashed. */
export const MIN_BUFFERS = 3;

/** Buffers that are filled in turn, each one again once its last content was hashed. */
export class Ring implements ChunkBuffers {
  readonly #slots: readonly Slot[];
  readonly #onFree: () => void;
  #filled = 0;
  #filling = 0;
  #isClosed = false;
  #isFree = false;

  /**
   * @param buffers at least {@link MIN_BUFFERS}
   * @param onFree called once, when the ring is closed and nothing writes into its buffers any more
   */
  constructor(buffers: readonly Buffer[], onFree: () => void = () => {}) {
    this.#slots = buffers.map((buffer) => ({ buffer, hashed: async () => {} }));
    this.#onFree = onFree;
  }

  async fill<Result>(read: (buffer: Buffer) => Promise<Result>): Promise<Result> {
    const slot = this.#slots[this.#filled++ % this.#slots.length];
    this.#filling++;
    try {
      await slot?.hashed();
      if (!slot || this.#isClosed) throw new Error('The buffers are closed');
      return await read(slot.buffer);
    } finally {
      this.#filling--;
      this.#freeIfUnused();
    }
  }

  /** Returns true if the bytes are in one of the buffers. */
  holds(bytes: Buffer): boolean {
    return this.#slotOf(bytes) !== undefined;
  }

  /** Keeps the buffer of these bytes until they are hashed. */
  keepUntil(bytes: Buffer, hashed: () => Promise<unknown>): void {
    const slot = this.#slotOf(bytes);
    if (slot) slot.hashed = hashed;
  }

  /** Gives the buffers back, as soon as reads that are still in progress have ended. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#freeIfUnused();
  }

  #slotOf({ buffer: memory, byteOffset }: Buffer): Slot | undefined {
    return this.#slots.find(({ buffer }) => buffer.buffer === memory && buffer.byteOffset === byteOffset);
  }

  #freeIfUnused(): void {
    if (!this.#isClosed || this.#filling > 0 || this.#isFree) return;
    this.#isFree = true;
    this.#onFree();
  }
}
