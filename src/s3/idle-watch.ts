/** A signal that is aborted when nothing has moved for a while, or when another signal is. */
export class IdleWatch {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #outer: AbortSignal;
  readonly #follow = () => this.#abort(this.#outer.reason);
  #isPaused = false;

  /**
   * @param limitMs how long nothing may move, in milliseconds
   * @param outer the signal that is followed
   * @param stalled makes the reason for when nothing has moved
   */
  constructor(limitMs: number, outer: AbortSignal, stalled: () => Error) {
    this.#outer = outer;
    this.#timer = setTimeout(() => this.#isPaused || this.#abort(stalled()), limitMs);
    outer.addEventListener('abort', this.#follow, { once: true });
    if (outer.aborted) this.#follow();
  }

  /** Aborted with what `stalled` made, with the outer signal's reason, or by {@link end}. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something has moved: the time starts anew. */
  moved(): void {
    this.#isPaused = false;
    this.#timer.refresh();
  }

  /** There is nothing that could move. The time starts anew with the next {@link moved}. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Ends the watch and, by aborting the signal, whatever still goes on. */
  end(): void {
    this.#abort(new DOMException('The upload has ended', 'AbortError'));
  }

  #abort(reason: unknown): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener('abort', this.#follow);
    this.#controller.abort(reason);
  }
}
