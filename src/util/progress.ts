/** Least rate of a transfer in bytes per second, on average over the idle timeout. A slow VPN is faster. */
const LEAST_BYTES_PER_SECOND = 1024;
/** Bytes that are enough however long the idle timeout is: with a longer one, a transfer may be slower. */
const MAX_LEAST_BYTES = 60 * LEAST_BYTES_PER_SECOND;

/**
 * Measures whether a transfer makes progress. A byte now and then is none: within the idle timeout, enough bytes must move
 * for a rate of 1 KiB per second. Only the time that was spent on the transfer counts.
 */
export class Progress {
  readonly #timeoutMs: number;
  readonly #leastBytes: number;
  #spentMs = 0;
  #bytes = 0;

  /** @param timeoutMs idle timeout in milliseconds */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#leastBytes = Math.min((timeoutMs / 1000) * LEAST_BYTES_PER_SECOND, MAX_LEAST_BYTES);
  }

  /** Time that may still be spent until enough bytes have moved, in milliseconds. */
  get restMs(): number {
    return Math.max(0, this.#timeoutMs - this.#spentMs);
  }

  /** Bytes that moved since there was enough progress. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds time that was spent on the transfer, and the bytes that moved in it. */
  add(spentMs: number, bytes: number): void {
    this.#spentMs += spentMs;
    this.#bytes += bytes;
    if (this.#bytes >= this.#leastBytes) this.restart();
  }

  /** Allows the whole idle timeout from now on. */
  restart(): void {
    this.#spentMs = 0;
    this.#bytes = 0;
  }
}
