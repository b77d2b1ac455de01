/**
 * Answers many askers with few calls: whoever asks while a call is under way gets the answer of the next one,
 * together with all others who wait for it. So each answer is that of a call that began after it was asked for.
 */
export class SharedCall<Answer> {
  readonly #call: () => Promise<Answer>;
  #underWay: Promise<Answer> | undefined;
  #next: Promise<Answer> | undefined;

  constructor(call: () => Promise<Answer>) {
    this.#call = call;
  }

  /** @throws whatever the call throws, to each of its askers */
  call(): Promise<Answer> {
    if (!this.#underWay) return this.#begin();
    this.#next ??= this.#underWay
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        return this.#begin();
      });
    return this.#next;
  }

  #begin(): Promise<Answer> {
    const call = this.#call().finally(() => {
      this.#underWay = undefined;
    });
    this.#underWay = call;
    return call;
  }
}
