/** Limits for waiting on a file system or a server. */
export interface ReadTimeouts {
  /** Ends the wait at once, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Time without data, in milliseconds, after which a read fails. Default: 60,000. */
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
  makeTimeoutError: (waitedMs: number) => Error,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const stopWaiting = (reason: unknown) => {
      cleanUp();
      reject(reason);
    };
    const abort = () => stopWaiting(signal?.reason);
    const timer = setTimeout(() => stopWaiting(makeTimeoutError(idleTimeoutMs)), idleTimeoutMs);
    const cleanUp = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    work.then(resolve, reject).finally(cleanUp);
  });
}
