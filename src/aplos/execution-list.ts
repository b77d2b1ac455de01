import { elapsedMs, type Moment, now } from '../util/clock.js';
import { SharedCall } from '../util/shared-call.js';
import type { ExecutionRecord, Work } from './api.js';

/** A profile's executions as Aplos listed them once. */
export interface Listing {
  /** When Aplos was asked. */
  readonly askedAt: Moment;
  readonly records: readonly ExecutionRecord[];
  /** The execution with a tracking id: listed, or known because Aplos acknowledged its start to this process. */
  find(trackingId: string): ExecutionRecord | undefined;
  /**
   * How far the list lags behind, as was observed lately, in milliseconds: the longest time for which it lacked an execution that
   * Aplos had acknowledged. It grows as long as one is missing.
   */
  readonly lagMs: number;
}

/** What is reported about a list of executions. */
export interface ExecutionListOptions {
  /** Called with how long an execution was missing from the list, in seconds, once it appears. Default: nothing is called */
  readonly onLag?: (seconds: number) => void;
}

interface Acknowledged {
  readonly record: ExecutionRecord;
  readonly at: Moment;
  isListed: boolean;
  /** How long the list has lacked the execution, in milliseconds. */
  lagMs: number;
}

const MAX_ACKNOWLEDGED = 10_000;
/** What was started earlier says nothing about the lag any more. If it is still missing, it was deleted. */
const RECENT_MS = 15 * 60_000;

/**
 * The executions of one profile. Reading the list is the expensive part, so everyone who waits shares one call, and a
 * list that is recent enough is used again.
 */
export class ExecutionList {
  readonly #options: ExecutionListOptions;
  readonly #acknowledged = new Map<string, Acknowledged>();
  readonly #reading: SharedCall<Listing>;
  #current: { readonly askedAt: Moment; readonly listing: Promise<Listing> } | undefined;

  /** @param list makes one call to Aplos */
  constructor(list: () => Promise<readonly ExecutionRecord[]>, options: ExecutionListOptions = {}) {
    this.#options = options;
    this.#reading = new SharedCall(() => {
      const askedAt = now();
      const listing = list().then((records) => this.#toListing(askedAt, records));
      this.#current = { askedAt, listing };
      return listing;
    });
  }

  /** Remembers an execution whose start Aplos acknowledged. It is found from now on, whatever the list shows. */
  acknowledge(record: ExecutionRecord & { readonly work: Work }): void {
    this.#acknowledged.set(record.work.trackingId, { record, at: now(), isListed: false, lagMs: 0 });
    const [oldest] = this.#acknowledged.keys();
    if (oldest !== undefined && this.#acknowledged.size > MAX_ACKNOWLEDGED) this.#acknowledged.delete(oldest);
  }

  /**
   * Reads the list, or returns one that was read before.
   *
   * @param maxAgeMs how long ago Aplos may have been asked, in milliseconds; 0: it is asked after this call
   * @throws {@link UploadError} with an `API_…` or `LOGIN_…` code
   */
  async read(maxAgeMs: number): Promise<Listing> {
    const current = this.#current;
    if (current && elapsedMs(current.askedAt) <= maxAgeMs) {
      const listing = await current.listing.catch(() => undefined);
      if (listing) return listing;
    }
    return this.#reading.call();
  }

  #toListing(askedAt: Moment, records: readonly ExecutionRecord[]): Listing {
    const byTrackingId = new Map<string, ExecutionRecord>();
    for (const record of records) if (record.work) byTrackingId.set(record.work.trackingId, record);
    return {
      askedAt,
      records,
      lagMs: this.#observe(askedAt, byTrackingId),
      find: (trackingId) => byTrackingId.get(trackingId) ?? this.#acknowledged.get(trackingId)?.record,
    };
  }

  /** Compares a list with what was acknowledged. Returns the longest lag among recent executions. */
  #observe(askedAt: Moment, listed: ReadonlyMap<string, ExecutionRecord>): number {
    let lagMs = 0;
    for (const [trackingId, execution] of this.#acknowledged) {
      const ageMs = elapsedMs(execution.at) - elapsedMs(askedAt);
      if (!execution.isListed && listed.has(trackingId)) {
        execution.isListed = true;
        // It appeared between two looks. The second one may have come long after.
        execution.lagMs = Math.min(ageMs, 2 * execution.lagMs);
        this.#options.onLag?.(execution.lagMs / 1000);
      }
      if (!execution.isListed && ageMs > 0) execution.lagMs = ageMs;
      if (ageMs < RECENT_MS) lagMs = Math.max(lagMs, execution.lagMs);
    }
    return lagMs;
  }
}
