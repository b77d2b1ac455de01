import { Progress } from '../util/progress.js';

/** Aborts a signal if a transfer does not make enough progress, or if an outer signal is aborted. */
export class IdleTimeout {
  readonly #controller = new AbortController();
  readonly #progress: Progress;
  readonly #outer: AbortSignal;
  readonly #makeTimeoutError: (bytes: number) => Error;
  readonly #abortWithOuter = () => this.#abort(this.#outer.reason);
  #timer: NodeJS.Timeout | undefined;
  #resumedAt = 0;

  /**
   * @param timeoutMs time without enough progress, in milliseconds, after which the signal is aborted
   * @param outer aborts the signal, too
   * @param makeTimeoutError creates the reason of the signal after a timeout, given the bytes that moved in the meantime
   */
  constructor(timeoutMs: number, outer: AbortSignal, makeTimeoutError: (bytes: number) => Error) {
    this.#progress = new Progress(timeoutMs);
    this.#outer = outer;
    this.#makeTimeoutError = makeTimeoutError;
    this.resume();
    outer.addEventListener('abort', this.#abortWithOuter, { once: true });
    if (outer.aborted) this.#abortWithOuter();
  }

  /** Aborted with the timeout error, with the reason of the outer signal, or by {@link end}. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Suspends the timeout until it is resumed or restarted. Adds the bytes that moved since then. */
  pause(bytes = 0): void {
    if (this.#timer !== undefined) this.#progress.add(performance.now() - this.#resumedAt, bytes);
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Continues the timeout with what is left of it. */
  resume(): void {
    clearTimeout(this.#timer);
    if (this.signal.aborted) return;
    this.#resumedAt = performance.now();
    this.#timer = setTimeout(
      () => this.#abort(this.#makeTimeoutError(this.#progress.bytes)),
      this.#progress.restMs,
    );
  }

  /** Starts the whole timeout again. */
  restart(): void {
    this.#progress.restart();
    this.resume();
  }

  /** Ends the timeout and aborts the signal, to stop whatever still uses it. */
  end(): void {
    this.#abort(new DOMException('The upload has ended', 'AbortError'));
  }

  #abort(reason: unknown): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#outer.removeEventListener('abort', this.#abortWithOuter);
    this.#controller.abort(reason);
  }
}
