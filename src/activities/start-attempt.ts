import { activityInfo, heartbeat } from '@temporalio/activity';
import { UploadError } from '../contract/errors.js';
import { elapsedMs, type Moment, now } from '../util/clock.js';
import type { ActivityDependencies } from './dependencies.js';
import { heartbeatDuring } from './heartbeats.js';

/** What an attempt of `startExecution` heartbeats: whether the next attempt must expect that a start was sent. */
export interface StartHeartbeat {
  readonly mayHaveSent: boolean;
}

/**
 * One attempt of `startExecution`, in relation to the others: what the attempt before it may have sent, what Temporal's clock
 * says, and whether this attempt may still send.
 */
export class StartAttempt {
  readonly #recordHeartbeat: ActivityDependencies['recordHeartbeat'];
  readonly #sendDeadlineMs: number;
  readonly #info = activityInfo();
  readonly #began = now();
  #heartbeat: StartHeartbeat;

  constructor({ recordHeartbeat, sendDeadlineMs }: ActivityDependencies) {
    this.#recordHeartbeat = recordHeartbeat;
    this.#sendDeadlineMs = sendDeadlineMs;
    const before = this.#info.heartbeatDetails as StartHeartbeat | undefined;
    this.#heartbeat = { mayHaveSent: before?.mayHaveSent === true };
  }

  /** Names this attempt to others. */
  get identity() {
    const { activityId, currentAttemptScheduledTimestampMs: scheduledMs } = this.#info;
    const { workflowId = '', runId = '' } = this.#info.workflowExecution ?? {};
    return { workflowId, runId, activityId, scheduledMs };
  }

  /**
   * The latest time at which the attempt before this one may have been allowed to send, in milliseconds since 1970 by
   * Temporal's clock; -Infinity: it was not.
   */
  get mayHaveSentUntilMs(): number {
    return this.#heartbeat.mayHaveSent ? this.identity.scheduledMs : Number.NEGATIVE_INFINITY;
  }

  /** A time that Temporal's clock has reached, in milliseconds since 1970. It never depends on this machine's clock. */
  get temporalNowMs(): number {
    return this.identity.scheduledMs + elapsedMs(this.#began);
  }

  /** Does the work, heartbeating all the time. */
  whileHeartbeating<Result>(work: () => Promise<Result>): Promise<Result> {
    return heartbeatDuring(work, () => this.#heartbeat);
  }

  /**
   * Asks Temporal whether this attempt is still the current one, and tells it that a start is about to be sent. The next
   * attempt knows of it before anything is sent.
   *
   * @returns a function that throws once it is too late to send
   * @throws {@link UploadError} `START_NOT_SENT` if another attempt has taken over, or Temporal does not respond in time
   * @throws CancelledFailure if the workflow has cancelled the step
   */
  async announceSending(): Promise<() => void> {
    const asked = now();
    this.#heartbeat = { mayHaveSent: true };
    heartbeat(this.#heartbeat); // replaces a heartbeat that waits to be sent
    await this.#recordHeartbeat(this.#heartbeat);
    return () => this.#assertInTime(asked);
  }

  /** Tells Temporal that nothing was started, whatever was sent. */
  async retractSending(): Promise<void> {
    if (!this.#heartbeat.mayHaveSent) return;
    this.#heartbeat = { mayHaveSent: false };
    heartbeat(this.#heartbeat);
    await this.#recordHeartbeat(this.#heartbeat).catch(() => {}); // the next attempt then looks for longer
  }

  #assertInTime(asked: Moment): void {
    if (elapsedMs(asked) < this.#sendDeadlineMs) return;
    throw new UploadError(
      'START_NOT_SENT',
      `The start was not sent, as this worker was suspended for ${Math.round(elapsedMs(asked) / 1000)} s before it could send it`,
    );
  }
}
