const MIN_BYTES = 32 * 1024;
const MAX_BYTES = 512 * 1024;
const FAST_MS = 50;
const SLOW_MS = 1_000;

/**
 * Size of the pieces that are sent at a time. Large ones need less processor time. Small ones make progress in time on a slow
 * connection: at 1 KiB per second, the least rate, the smallest takes half a minute, and so less than the idle timeout.
 */
export class PieceSize {
  #bytes = MIN_BYTES;

  /** Size of the next piece in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adapts the size to the time that a piece took, in milliseconds: doubles it after a fast one, and resets it after a slow one. */
  adapt(ms: number): void {
    if (ms > SLOW_MS) this.#bytes = MIN_BYTES;
    else if (ms < FAST_MS) this.#bytes = Math.min(MAX_BYTES, this.#bytes * 2);
  }
}
