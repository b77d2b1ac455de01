/** Shortest time between two samples, in milliseconds. */
const LEAST_INTERVAL_MS = 250;

/** Rate of a growing total over the last seconds. */
export class Rate {
  readonly #periodMs: number;
  readonly #now: () => number;
  readonly #samples: { readonly at: number; readonly total: number }[] = [];

  /**
   * @param periodMs period in milliseconds over which the rate is measured
   * @param now clock in milliseconds. Default: that of the process
   */
  constructor(periodMs: number, now: () => number = () => performance.now()) {
    this.#periodMs = periodMs;
    this.#now = now;
  }

  /** Adds the total of now. A total that shrinks, as in a new attempt, starts the measurement anew. */
  add(total: number): void {
    const at = this.#now();
    const last = this.#samples.at(-1);
    if (last && total < last.total) this.#samples.length = 0;
    else if (last && at - last.at < LEAST_INTERVAL_MS) return;
    this.#samples.push({ at, total });
    while ((this.#samples[1]?.at ?? at) < at - this.#periodMs) this.#samples.shift();
  }

  /** Growth per second; 0 before there are two samples. */
  perSecond(): number {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (!first || !last || last.at === first.at) return 0;
    return ((last.total - first.total) * 1000) / (last.at - first.at);
  }
}
