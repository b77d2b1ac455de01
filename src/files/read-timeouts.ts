/** How long a reader waits for a file system or a server. */
export interface ReadTimeouts {
  /** Ends the waiting at once, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** How long a single answer may take, in milliseconds. Default: 60 000. */
  readonly idleTimeoutMs?: number | undefined;
}

/** How long to wait where nothing else is said: 60 s. */
export const IDLE_TIMEOUT_MS = 60_000;

/**
 * Waits for work that cannot be interrupted, such as a read from a network share that hangs. The work itself
 * goes on in the background.
 *
 * @param work what is waited for
 * @param patience for how long
 * @param stalled makes the error for when that was too long
 * @throws what `stalled` makes, the signal's reason, or whatever the work throws
 */
export function waitFor<Result>(
  work: Promise<Result>,
  { signal, idleTimeoutMs = IDLE_TIMEOUT_MS }: ReadTimeouts,
  stalled: (waitedMs: number) => Error,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const giveUp = (reason: unknown) => {
      done();
      reject(reason);
    };
    const abort = () => giveUp(signal?.reason);
    const timer = setTimeout(() => giveUp(stalled(idleTimeoutMs)), idleTimeoutMs);
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    work.then(resolve, reject).finally(done);
  });
}
