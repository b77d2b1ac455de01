import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { UploadError } from '../../contract/errors.js';
import type { HttpResponse } from '../../http/call.js';
import { retryAfterMs } from '../../http/retry-after.js';

const MAX_CONCURRENT_CALLS = 5;
/** A call waits here for a shorter pause. For a longer one Temporal schedules the next attempt. */
const MAX_WAIT_MS = 60_000;

/**
 * Limits the calls of a profile so that a batch does not trigger throttling: few at a time, and none while Aplos asks
 * for a pause.
 */
export class CallGate {
  readonly #limit = pLimit(MAX_CONCURRENT_CALLS);
  #closedUntil = 0;

  /**
   * Waits for a free slot, and for the end of a pause, then makes the call.
   *
   * @param isPause reports whether a response with status 429 asks for a pause of all calls. Default: it does
   * @throws {@link UploadError} `API_THROTTLED`, without making the call, if Aplos asked for a pause of more than a minute
   * @throws the signal's reason, without making the call, if aborted
   */
  pass(
    purpose: string,
    call: () => Promise<HttpResponse>,
    signal?: AbortSignal,
    isPause: (response: HttpResponse) => boolean = () => true,
  ): Promise<HttpResponse> {
    return this.#limit(async () => {
      await this.#opened(purpose, signal);
      signal?.throwIfAborted();
      const response = await call();
      if (response.status === 429 && isPause(response))
        this.#close(retryAfterMs(response.headers['retry-after']));
      return response;
    });
  }

  async #opened(purpose: string, signal: AbortSignal | undefined): Promise<void> {
    for (let restMs = this.#restMs; restMs > 0; restMs = this.#restMs) {
      if (restMs > MAX_WAIT_MS)
        throw new UploadError(
          'API_THROTTLED',
          `Cannot ${purpose} yet: the Aplos API asked for a pause, so the call was not made`,
          { retryAfterMs: restMs },
        );
      await sleep(restMs, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted());
    }
  }

  get #restMs(): number {
    return this.#closedUntil - Date.now();
  }

  #close(pauseMs = 0): void {
    this.#closedUntil = Math.max(this.#closedUntil, Date.now() + pauseMs);
  }
}
