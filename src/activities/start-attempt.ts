import { activityInfo, heartbeat, type Info, log } from '@temporalio/activity';
import type { QueuedStart } from '../aplos/start-queue.js';
import { UploadError } from '../contract/errors.js';
import { elapsedMs, type Moment, now } from '../util/clock.js';
import type { ActivityDependencies } from './dependencies.js';
import { heartbeatDuring } from './heartbeats.js';

/** Heartbeat details of `startExecution`, for its next attempt. */
export interface StartHeartbeat {
  /** True if this attempt, or one before it, may have sent a start. */
  readonly mayHaveSent: boolean;
  /**
   * Latest time at which Temporal may have allowed that, in milliseconds since 1970 by Temporal's clock. Default: the time at
   * which the next attempt is scheduled
   */
  readonly untilMs?: number;
  /** Whether the workflow knows that the start waits until Aplos takes more executions. Default: `false` */
  readonly waits?: true;
}

/** One attempt of `startExecution`: it knows what the previous attempt may have sent, and whether it may still send itself. */
export class StartAttempt {
  readonly #recordHeartbeat: ActivityDependencies['recordHeartbeat'];
  readonly #reportWaiting: ActivityDependencies['reportWaiting'];
  readonly #sendDeadlineMs: number;
  readonly #info = activityInfo();
  readonly #began = now();
  #heartbeat: StartHeartbeat;
  /** Whether the SDK has a heartbeat of this attempt, which it may not have sent yet. */
  #isReported = false;

  constructor({ recordHeartbeat, reportWaiting, sendDeadlineMs }: ActivityDependencies) {
    this.#recordHeartbeat = recordHeartbeat;
    this.#reportWaiting = reportWaiting;
    this.#sendDeadlineMs = sendDeadlineMs;
    const before = heartbeatBefore(this.#info);
    this.#heartbeat = {
      ...(before.mayHaveSent
        ? { mayHaveSent: true, untilMs: before.untilMs ?? this.identity.scheduledMs }
        : { mayHaveSent: false }),
      ...(before.waits ? { waits: true } : {}),
    };
  }

  /** Identifies this attempt among those of other runs. */
  get identity() {
    const { activityId, currentAttemptScheduledTimestampMs: scheduledMs } = this.#info;
    const { workflowId = '', runId = '' } = this.#info.workflowExecution ?? {};
    return { workflowId, runId, activityId, scheduledMs };
  }

  /**
   * Latest time at which Temporal may have allowed an earlier attempt to send, in milliseconds since 1970 by Temporal's clock.
   * -Infinity if it did not.
   */
  get mayHaveSentUntilMs(): number {
    const { mayHaveSent, untilMs = this.identity.scheduledMs } = this.#heartbeat;
    return mayHaveSent ? untilMs : Number.NEGATIVE_INFINITY;
  }

  /** Time that Temporal's clock has reached, in milliseconds since 1970. Independent of the time of this machine. */
  get temporalNowMs(): number {
    return this.identity.scheduledMs + elapsedMs(this.#began);
  }

  /** Its place among the starts that wait. Temporal's default is the priority 3. */
  get queued(): QueuedStart {
    const { workflowId, runId, activityId } = this.identity;
    const { priority, scheduledTimestampMs: sinceMs } = this.#info;
    const { priorityKey = 3, fairnessKey = '' } = priority ?? {};
    return { key: `${workflowId}/${runId}/${activityId}`, priorityKey, fairnessKey, sinceMs };
  }

  /**
   * Runs the work, and sends heartbeats meanwhile. Without a heartbeat, the next attempt has a doubt. So an attempt that fails sends one
   * too, and only one that is killed in its first second leaves none.
   */
  whileHeartbeating<Result>(work: () => Promise<Result>): Promise<Result> {
    const reportingFailure = () =>
      work().catch((error: unknown) => {
        this.#report();
        throw error;
      });
    return heartbeatDuring(reportingFailure, () => {
      this.#isReported = true;
      return this.#heartbeat;
    });
  }

  #report(): void {
    this.#isReported = true;
    heartbeat(this.#heartbeat);
  }

  /**
   * Has Temporal confirm that this attempt is still the current one, and record that a start is about to be sent. So the next
   * attempt knows about it before anything is sent.
   *
   * @returns a function that throws if it is too late to send
   * @throws {@link UploadError} `START_NOT_SENT` if another attempt has taken over, or Temporal does not respond in time
   * @throws CancelledFailure if the workflow has cancelled the step
   */
  async announceSending(): Promise<() => void> {
    const asked = now();
    this.#heartbeat = this.#withWaits({ mayHaveSent: true });
    if (this.#isReported) this.#report(); // replaces a heartbeat that the SDK has not sent yet
    await this.#recordHeartbeat(this.#heartbeat);
    return () => this.#assertInTime(asked);
  }

  /** Records with Temporal that nothing was started. */
  async retractSending(): Promise<void> {
    if (!this.#heartbeat.mayHaveSent) return;
    this.#heartbeat = this.#withWaits({ mayHaveSent: false });
    this.#report();
    await this.#recordHeartbeat(this.#heartbeat).catch(() => {}); // then the next attempt only searches for longer
  }

  /** Tells the workflow that the start waits until Aplos takes more executions, unless an attempt before has done so. */
  async announceWaiting(label: string): Promise<void> {
    if (this.#heartbeat.waits) return;
    try {
      await this.#reportWaiting({ label });
      this.#heartbeat = { ...this.#heartbeat, waits: true };
      this.#report();
      await this.#recordHeartbeat(this.#heartbeat);
    } catch (error) {
      log.debug('The workflow does not know that the start waits', { error }); // the next attempt tells it
    }
  }

  #withWaits(heartbeat: StartHeartbeat): StartHeartbeat {
    return this.#heartbeat.waits ? { ...heartbeat, waits: true } : heartbeat;
  }

  #assertInTime(asked: Moment): void {
    if (elapsedMs(asked) < this.#sendDeadlineMs) return;
    throw new UploadError(
      'START_NOT_SENT',
      `The start was not sent, as this worker was suspended for ${Math.round(elapsedMs(asked) / 1000)} s before it could send it`,
    );
  }
}

/**
 * Returns the heartbeat of the attempt before. If it is missing or has another form, that attempt may have sent a start: it was killed
 * at once, or somebody reset the activity or cleared its heartbeat.
 */
function heartbeatBefore(info: Info): StartHeartbeat {
  const { mayHaveSent, untilMs, waits } = (info.heartbeatDetails ?? {}) as Partial<
    Record<keyof StartHeartbeat, unknown>
  >;
  if (typeof mayHaveSent === 'boolean')
    return {
      mayHaveSent,
      ...(typeof untilMs === 'number' ? { untilMs } : {}),
      ...(waits === true ? { waits } : {}),
    };
  const { attempt, scheduledTimestampMs, currentAttemptScheduledTimestampMs } = info;
  return { mayHaveSent: attempt > 1 || currentAttemptScheduledTimestampMs > scheduledTimestampMs };
}
