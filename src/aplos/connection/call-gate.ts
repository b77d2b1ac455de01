import pLimit from 'p-limit';
import { UploadError } from '../../contract/errors.js';
import type { HttpResponse } from '../../http/call.js';
import { retryAfterMs } from '../../http/retry-after.js';

const MAX_CONCURRENT_CALLS = 5;

/**
 * Limits the calls of a profile so that a batch does not trigger throttling: few at a time, and none while Aplos asks
 * for a pause.
 */
export class CallGate {
  readonly #limit = pLimit(MAX_CONCURRENT_CALLS);
  #closedUntil = 0;

  /**
   * Waits for a free slot, then makes the call.
   *
   * @throws {@link UploadError} `API_THROTTLED`, without making the call, while Aplos asks for a pause
   * @throws the signal's reason, without making the call, if aborted
   */
  pass(purpose: string, call: () => Promise<HttpResponse>, signal?: AbortSignal): Promise<HttpResponse> {
    return this.#limit(async () => {
      signal?.throwIfAborted();
      this.#assertOpen(purpose);
      const response = await call();
      if (response.status === 429) this.#close(retryAfterMs(response.headers['retry-after']));
      return response;
    });
  }

  #assertOpen(purpose: string): void {
    const remainingMs = this.#closedUntil - Date.now();
    if (remainingMs <= 0) return;
    throw new UploadError(
      'API_THROTTLED',
      `Cannot ${purpose} yet: the Aplos API asked for a pause, so the call was not made`,
      { retryAfterMs: remainingMs },
    );
  }

  #close(pauseMs = 0): void {
    this.#closedUntil = Math.max(this.#closedUntil, Date.now() + pauseMs);
  }
}
