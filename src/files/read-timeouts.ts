import { Progress } from '../util/progress.js';

/** Limits for waiting on a file system or a server. */
export interface ReadTimeouts {
  /** Ends the wait at once, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Time without enough progress, in milliseconds, after which reading fails. Default: 60,000. */
  readonly idleTimeoutMs?: number | undefined;
}

/** Default of {@link ReadTimeouts.idleTimeoutMs}. */
export const IDLE_TIMEOUT_MS = 60_000;

/**
 * Waits for work that cannot be interrupted, such as a read from a network share that hangs. If the wait ends early, the
 * work continues in the background.
 *
 * @param makeTimeoutError creates the error for work that takes longer than the idle timeout
 * @throws the timeout error, the signal's reason, or the error of the work
 */
export function waitFor<Result>(
  work: Promise<Result>,
  { signal, idleTimeoutMs = IDLE_TIMEOUT_MS }: ReadTimeouts,
  makeTimeoutError: () => Error,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const stopWaiting = (reason: unknown) => {
      cleanUp();
      reject(reason);
    };
    const abort = () => stopWaiting(signal?.reason);
    const timer = setTimeout(() => stopWaiting(makeTimeoutError()), idleTimeoutMs);
    const cleanUp = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    work.then(resolve, reject).finally(cleanUp);
  });
}

/** Consecutive reads of one file. Together they must make progress, so that a byte now and then does not last for ever. */
export class PacedReads {
  readonly #timeouts: ReadTimeouts;
  readonly #progress: Progress;
  readonly #makeTimeoutError: (bytes: number) => Error;

  /** @param makeTimeoutError creates the error for reads that take too long, given the bytes that they returned in the meantime */
  constructor(timeouts: ReadTimeouts, makeTimeoutError: (bytes: number) => Error) {
    this.#timeouts = timeouts;
    this.#progress = new Progress(timeouts.idleTimeoutMs ?? IDLE_TIMEOUT_MS);
    this.#makeTimeoutError = makeTimeoutError;
  }

  /** Waits for one read like {@link waitFor}. Time between the reads does not count. */
  async next<Result>(read: Promise<Result>, bytesIn: (result: Result) => number): Promise<Result> {
    const startedAt = performance.now();
    const { restMs } = this.#progress;
    const result = await waitFor(read, { ...this.#timeouts, idleTimeoutMs: restMs }, () =>
      this.#makeTimeoutError(this.#progress.bytes),
    );
    this.#progress.add(performance.now() - startedAt, bytesIn(result));
    return result;
  }
}
