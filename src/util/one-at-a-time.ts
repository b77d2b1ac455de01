/** Lets work with the same key run one after the other, and work with different keys side by side. */
export class OneAtATime {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs the work once all earlier work with this key has ended. Returns or throws what the work does. */
  async run<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(key);
    const result = (before ?? Promise.resolve()).then(work);
    const ended = result.catch(() => {});
    this.#last.set(key, ended);
    try {
      return await result;
    } finally {
      if (this.#last.get(key) === ended) this.#last.delete(key);
    }
  }
}
