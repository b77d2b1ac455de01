/** Aborts a signal if there is no activity for a while, or if an outer signal is aborted. */
export class IdleTimeout {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #outer: AbortSignal;
  readonly #abortWithOuter = () => this.#abort(this.#outer.reason);
  #isPaused = false;

  /**
   * @param timeoutMs time without activity, in milliseconds, after which the signal is aborted
   * @param outer aborts the signal, too
   * @param makeTimeoutError creates the reason of the signal after a timeout
   */
  constructor(timeoutMs: number, outer: AbortSignal, makeTimeoutError: () => Error) {
    this.#outer = outer;
    this.#timer = setTimeout(() => this.#isPaused || this.#abort(makeTimeoutError()), timeoutMs);
    outer.addEventListener('abort', this.#abortWithOuter, { once: true });
    if (outer.aborted) this.#abortWithOuter();
  }

  /** Aborted with the timeout error, with the reason of the outer signal, or by {@link end}. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Restarts the timeout after activity. */
  restart(): void {
    this.#isPaused = false;
    this.#timer.refresh();
  }

  /** Suspends the timeout until the next {@link restart}. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Ends the timeout and aborts the signal, to stop whatever still uses it. */
  end(): void {
    this.#abort(new DOMException('The upload has ended', 'AbortError'));
  }

  #abort(reason: unknown): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener('abort', this.#abortWithOuter);
    this.#controller.abort(reason);
  }
}
