import { UploadError } from '../contract/errors.js';
import { type QueuedStart, StartQueue } from './start-queue.js';

/** Permission to send one start. */
export interface StartPass {
  /**
   * Checks, right before the start is sent, that Aplos has not refused another one meanwhile.
   *
   * @throws {@link UploadError} `EXECUTIONS_LIMITED` with the time of the next attempt
   */
  assertOpen(): void;
  /** Reports that Aplos accepted the start. */
  accepted(): void;
  /**
   * Reports that Aplos did not take the start, because of a limit. An error of {@link StartPass.assertOpen} is returned unchanged.
   *
   * @returns the error that says when the start is tried again
   */
  refused(error: UploadError): UploadError;
  /**
   * Lets the next start pass, as this one sends nothing any more, or only after a long search. Required for each pass; later calls
   * have no effect.
   */
  end(): void;
}

/** Options of a {@link StartGate}. */
export interface StartGateOptions {
  /** Called whenever Aplos did not take a start because of a limit. Default: not called */
  readonly onRefused?: () => void;
  /** Shortest pause after a refusal, in milliseconds. Default: 1,000 */
  readonly minPauseMs?: number;
  /** Longest pause after a refusal without a `Retry-After`, in milliseconds. Default: five minutes */
  readonly maxPauseMs?: number;
}

/** While Aplos takes no more executions. */
interface Limit {
  /** Why, in the words of Aplos. */
  readonly reason: string;
  /** When the next start may be sent, by `performance.now()`. */
  readonly opensMs: number;
  /** Starts that were accepted since the last refusal. */
  readonly acceptedInRow: number;
}

/** Growth of the pause after a start that was sent at its end was refused. */
const GROWTH = 2;
/** Shrinkage of the pause with each accepted start. With the growth, it keeps refusals rarer than acceptances. */
const SHRINKAGE = 0.8;
/** So many starts in a row are accepted before several are sent at a time again. */
const ACCEPTED_TO_OPEN = 20;
/** So many starts in a row are accepted before they are sent without a pause again. */
const ACCEPTED_TO_HURRY = 5;
/** So many starts are due when the gate opens. The others ask later. */
const AT_ONCE = 5;
/** Pause between starts that are due one after the other, in milliseconds. */
const STEP_MS = 200;
/** Longest pause of a start because another one is being sent, in milliseconds. One of a lower priority does not pass it meanwhile. */
const MAX_SENDING_MS = 5_000;
/** Shortest average time between the attempts of all starts that wait, in milliseconds. */
const MIN_INTERVAL_MS = 100;
/** A start asks again after this time at the latest, in case Aplos takes more than it did. With very many starts, later. */
const MAX_LAG_MS = 5 * 60_000;
/** Number of accepted starts from which the rate is estimated. */
const RATE_SAMPLES = 10;
/** Starts that were accepted earlier before the first refusal do not count for the rate. */
const RECENT_MS = 60_000;

/**
 * Paces the starts of a profile. Once Aplos refuses one because of a limit, none is sent for a pause. Then one goes first, and
 * the others follow one at a time, until Aplos refuses again or has accepted many in a row.
 *
 * A start that has to wait holds nothing: it gets the time of its next attempt. Those times follow from the order of the starts
 * and from the rate at which Aplos took the last ones, so that the one whose turn it is finds the gate open, and the others ask
 * rarely.
 */
export class StartGate {
  readonly #onRefused: () => void;
  readonly #minPauseMs: number;
  readonly #maxPauseMs: number;
  readonly #queue = new StartQueue();
  #limit: Limit | undefined;
  #pauseMs: number;
  /** Times at which starts were accepted lately, by `performance.now()`. */
  #acceptedMs: number[] = [];
  /** When the start that is being sent got its pass. While there is no limit, several have one. */
  #sendingSinceMs: number | undefined;
  /** Whether Aplos took only one start after the last pauses, so that there is a pause after each one. */
  #takesOnlyOne = false;
  /** Errors of {@link StartPass.assertOpen}. */
  readonly #sentAway = new WeakSet<UploadError>();
  /** Increases with each refusal, so that starts that were sent before it are known. */
  #epoch = 0;

  constructor({ onRefused = () => {}, minPauseMs = 1_000, maxPauseMs = 5 * 60_000 }: StartGateOptions = {}) {
    this.#onRefused = onRefused;
    this.#minPauseMs = minPauseMs;
    this.#maxPauseMs = maxPauseMs;
    this.#pauseMs = minPauseMs;
  }

  /**
   * Lets a start pass, or sends it away until its turn.
   *
   * @throws {@link UploadError} `EXECUTIONS_LIMITED` with the time of the next attempt
   */
  enter(start: QueuedStart): StartPass {
    const nowMs = performance.now();
    this.#queue.removeOverdue(nowMs);
    const isLimited = this.#limit !== undefined;
    if (
      this.#limit &&
      (!this.#isFree(this.#limit, nowMs) || this.#queue.hasBetter(start, nowMs + MAX_SENDING_MS))
    )
      throw this.#sendAway(start, this.#limit, nowMs);
    this.#queue.remove(start);
    if (isLimited) this.#sendingSinceMs = nowMs;
    return this.#pass(start, isLimited);
  }

  #isFree({ opensMs }: Limit, nowMs: number): boolean {
    return this.#sendingSinceMs === undefined && nowMs >= opensMs;
  }

  #pass(start: QueuedStart, isLimited: boolean): StartPass {
    const epoch = this.#epoch;
    let holds = isLimited;
    return {
      assertOpen: () => {
        if (!this.#limit || epoch === this.#epoch) return;
        const error = this.#sendAway(start, this.#limit, performance.now());
        this.#sentAway.add(error);
        throw error;
      },
      accepted: () => this.#accepted(epoch),
      refused: (error) => (this.#sentAway.has(error) ? error : this.#refused(start, error, epoch)),
      end: () => {
        if (holds && epoch === this.#epoch) this.#sendingSinceMs = undefined;
        holds = false;
      },
    };
  }

  #accepted(epoch: number): void {
    this.#acceptedMs = [...this.#acceptedMs, performance.now()].slice(-RATE_SAMPLES);
    if (!this.#limit || epoch !== this.#epoch) return;
    this.#pauseMs = Math.max(this.#minPauseMs, this.#pauseMs * SHRINKAGE);
    const acceptedInRow = this.#limit.acceptedInRow + 1;
    if (acceptedInRow >= ACCEPTED_TO_HURRY) this.#takesOnlyOne = false;
    const opensMs = this.#takesOnlyOne ? performance.now() + this.#pauseMs : this.#limit.opensMs;
    this.#limit = { ...this.#limit, acceptedInRow, opensMs };
    if (acceptedInRow < ACCEPTED_TO_OPEN) return;
    this.#limit = undefined;
    this.#queue.clear();
  }

  #refused(start: QueuedStart, error: UploadError, epoch: number): UploadError {
    const nowMs = performance.now();
    const before = this.#limit;
    const isFirst = before === undefined || epoch === this.#epoch;
    if (before === undefined) this.#acceptedMs = this.#acceptedMs.filter((each) => each >= nowMs - RECENT_MS);
    if (isFirst) {
      const wasAfterPause = before?.acceptedInRow === 0 || this.#takesOnlyOne;
      if (before && wasAfterPause) this.#pauseMs = Math.min(this.#maxPauseMs, this.#pauseMs * GROWTH);
      if (before?.acceptedInRow === 1) this.#takesOnlyOne = true;
      this.#epoch++;
      this.#sendingSinceMs = undefined;
    }
    const pauseMs = Math.max(isFirst ? this.#pauseMs : 0, error.retryAfterMs ?? 0);
    this.#limit = {
      reason: error.happened,
      opensMs: Math.max(nowMs + pauseMs, before?.opensMs ?? 0),
      acceptedInRow: isFirst ? 0 : (before?.acceptedInRow ?? 0),
    };
    this.#onRefused();
    return this.#sendAway(start, this.#limit, nowMs, error);
  }

  /** Returns the error that ends the attempt of a start, and remembers when the next attempt is due. */
  #sendAway(start: QueuedStart, { reason, opensMs }: Limit, nowMs: number, cause?: UploadError): UploadError {
    const sendingMs = this.#sendingSinceMs === undefined ? 0 : nowMs - this.#sendingSinceMs;
    const freeMs = Math.max(opensMs, nowMs + Math.min(Math.max(STEP_MS, sendingMs), MAX_SENDING_MS));
    const before = this.#queue.countBefore(start);
    const lagMs =
      Math.min(before, AT_ONCE - 1) * STEP_MS + Math.max(0, before - AT_ONCE + 1) * this.#spacingMs(nowMs);
    const dueMs = freeMs + Math.min(lagMs, Math.max(MAX_LAG_MS, this.#queue.size * MIN_INTERVAL_MS));
    this.#queue.add(start, dueMs);
    return limited(reason, dueMs - nowMs, cause);
  }

  /**
   * Returns the time between the attempts of two starts that wait, in milliseconds: half the time in which Aplos takes one, so
   * that there is always one when it takes more.
   */
  #spacingMs(nowMs: number): number {
    const [oldest = nowMs - this.#pauseMs] = this.#acceptedMs;
    return Math.max(MIN_INTERVAL_MS, (nowMs - oldest) / Math.max(1, this.#acceptedMs.length) / 2);
  }
}

function limited(reason: string, waitMs: number, cause?: UploadError): UploadError {
  const next = new Date(Date.now() + waitMs).toISOString().slice(11, 16);
  return new UploadError('EXECUTIONS_LIMITED', `${reason}; next try ${next} UTC`, {
    retryAfterMs: Math.ceil(waitMs),
    details: cause?.details,
    cause,
  });
}
