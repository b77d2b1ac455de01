import pLimit from 'p-limit';
import { UploadError } from '../../contract/errors.js';
import type { HttpResponse } from '../../http/call.js';
import { retryAfterMs } from '../../http/retry-after.js';

const MAX_CONCURRENT_CALLS = 5;

/**
 * Keeps a profile's calls within what the service takes, so that a batch does not trigger its throttling: few
 * at a time, and none while it asks for a pause.
 */
export class CallGate {
  readonly #limit = pLimit(MAX_CONCURRENT_CALLS);
  #closedUntil = 0;

  /**
   * Makes a call when it is its turn, unless it was aborted by then.
   *
   * @throws {@link UploadError} `API_THROTTLED`, without the call being made, while the service asks for a pause
   * @throws the signal's reason, without the call being made, when aborted
   */
  pass(purpose: string, call: () => Promise<HttpResponse>, signal?: AbortSignal): Promise<HttpResponse> {
    return this.#limit(async () => {
      signal?.throwIfAborted();
      this.#assertOpen(purpose);
      const answer = await call();
      if (answer.status === 429) this.#close(retryAfterMs(answer.headers['retry-after']));
      return answer;
    });
  }

  #assertOpen(purpose: string): void {
    const restMs = this.#closedUntil - Date.now();
    if (restMs <= 0) return;
    throw new UploadError(
      'API_THROTTLED',
      `The Aplos API asked for a pause before the call to ${purpose} was made`,
      {
        retryAfterMs: restMs,
      },
    );
  }

  #close(forMs = 0): void {
    this.#closedUntil = Math.max(this.#closedUntil, Date.now() + forMs);
  }
}
