/** A set of limited size: each new value beyond that replaces the one that was added first. */
export class RecentSet<Value> {
  readonly #maxSize: number;
  readonly #values = new Set<Value>();

  /** @param maxSize maximum number of values */
  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  /** Adds a value. Reports whether the set lacked it. */
  add(value: Value): boolean {
    if (this.#values.has(value)) return false;
    this.#values.add(value);
    const [oldest] = this.#values;
    if (this.#values.size > this.#maxSize && oldest !== undefined) this.#values.delete(oldest);
    return true;
  }
}
