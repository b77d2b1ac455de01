/**
 * Shares calls between callers. Callers that arrive while a call is in progress share the next call, so each caller gets the
 * result of a call that started after its request.
 */
export class SharedCall<Result> {
  readonly #call: () => Promise<Result>;
  #current: Promise<Result> | undefined;
  #next: Promise<Result> | undefined;

  constructor(call: () => Promise<Result>) {
    this.#call = call;
  }

  /** @throws the error of the call, to all callers that share it */
  call(): Promise<Result> {
    if (!this.#current) return this.#start();
    this.#next ??= this.#current
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        return this.#start();
      });
    return this.#next;
  }

  #start(): Promise<Result> {
    const call = this.#call().finally(() => {
      this.#current = undefined;
    });
    this.#current = call;
    return call;
  }
}
