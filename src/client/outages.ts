import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { UploadError } from '../contract/errors.js';
import { isOutage } from '../temporal/errors.js';
import { duration } from '../util/units.js';

/** A time during which Temporal is unreachable or overloaded. Uploads are not affected, except that they may pause. */
export interface Outage {
  /** Reason why Temporal is not available. */
  readonly error: UploadError;
  /** Time of the first call that failed. */
  readonly since: Date;
}

/** Called when an outage begins, and with `undefined` when Temporal is available again. */
export type OnOutage = (outage: Outage | undefined) => void;

/** Options of {@link OutageWaits}. */
export interface OutageWaitsOptions {
  /** Longest outage to wait for, in milliseconds. 0: none. Default: 1 hour */
  readonly limitMs: number | undefined;
  /** Default: does nothing */
  readonly onOutage: OnOutage | undefined;
  readonly workflow: Pick<Client['workflow'], 'getHandle'>;
  readonly translate: (error: unknown) => UploadError;
}

const DEFAULT_LIMIT_MS = 60 * 60_000;
/** Workflow ID that no workflow has, so that Temporal looks it up and responds that it is unknown. */
const PROBE_ID = 'aplos-upload-probe';
/** Pause between two probes, in milliseconds. */
const PROBE_INTERVAL_MS = 1_000;

/** Lets calls wait for the end of an outage of Temporal. All of them share its detection, and its report. */
export class OutageWaits {
  readonly #options: OutageWaitsOptions;
  readonly #closed = new AbortController();
  #recovery: Promise<void> | undefined;

  constructor(options: OutageWaitsOptions) {
    this.#options = options;
  }

  /**
   * Makes a call, and makes it again after each outage. The call must be safe to repeat.
   *
   * @throws UploadError the error of the call if it is not due to an outage, or the outage exceeds the limit
   */
  async retry<Result>(call: () => Promise<Result>): Promise<Result> {
    const { limitMs = DEFAULT_LIMIT_MS, translate } = this.#options;
    while (true) {
      const startedAt = new Date();
      try {
        return await call();
      } catch (cause) {
        const error = translate(cause);
        if (!isOutage(error) || limitMs <= 0 || this.#closed.signal.aborted) throw error;
        this.#recovery ??= this.#recover({ error, since: startedAt }).finally(() => {
          this.#recovery = undefined;
        });
        await this.#recovery;
      }
    }
  }

  /** Makes all waits fail. */
  close(): void {
    this.#closed.abort();
  }

  async #recover(outage: Outage): Promise<void> {
    const { limitMs = DEFAULT_LIMIT_MS, onOutage = () => {}, workflow, translate } = this.#options;
    const startedAt = performance.now();
    onOutage(outage);
    while (performance.now() - startedAt < limitMs) {
      await sleep(PROBE_INTERVAL_MS, undefined, { signal: this.#closed.signal }).catch(() => {
        throw outage.error;
      });
      try {
        await workflow.getHandle(PROBE_ID).describe();
        return onOutage(undefined);
      } catch (error) {
        if (!isOutage(translate(error))) return onOutage(undefined);
      }
    }
    throw new UploadError(
      outage.error.code,
      `${outage.error.happened}, since ${outage.since.toISOString()}. The wait ended after ${duration(limitMs)}, but the uploads continue`,
      {
        cause: outage.error,
        action: 'Check the Temporal server. To wait for the uploads again, repeat the command or the call.',
      },
    );
  }
}
