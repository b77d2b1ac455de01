/** Bounds of the pause, in milliseconds, and the pause as a multiple of the time that a poll takes. */
export interface PollPauseOptions {
  readonly minMs: number;
  /** Default: no limit */
  readonly maxMs?: number;
  readonly factor: number;
}

/** Pause between polls. It grows with the time that they take, so that they leave the server time for other work. */
export class PollPause {
  readonly #options: PollPauseOptions;
  #tookMs = 0;

  constructor(options: PollPauseOptions) {
    this.#options = options;
  }

  /** Polls, and measures how long that takes. A poll that fails does not count, so an outage makes no pause longer. */
  async measure<Result>(poll: () => Promise<Result>): Promise<Result> {
    const startedMs = performance.now();
    const result = await poll();
    this.#tookMs = performance.now() - startedMs;
    return result;
  }

  /** Pause before the next poll, in milliseconds. */
  get ms(): number {
    const { minMs, maxMs = Number.POSITIVE_INFINITY, factor } = this.#options;
    return Math.min(maxMs, Math.max(minMs, factor * this.#tookMs));
  }
}
