import { setTimeout as sleep } from 'node:timers/promises';
import { elapsedMs, type Moment, now } from '../util/clock.js';
import { SharedCall } from '../util/shared-call.js';
import type { ExecutionRecord, Work } from './api.js';

/** One response of Aplos to a request for the executions of a profile. */
export interface Listing {
  /** Time of the request. */
  readonly askedAt: Moment;
  readonly records: readonly ExecutionRecord[];
  /**
   * Returns the execution with a tracking id: from the list, or because Aplos acknowledged its start to this process. One
   * that does not {@link counts | count} is not returned.
   */
  find(trackingId: string): ExecutionRecord | undefined;
  /**
   * Lag of the list that this process observed recently, in milliseconds: the longest time for which an acknowledged execution
   * was missing. Grows while one is missing.
   */
  readonly lagMs: number;
}

/** Callbacks of a list of executions. */
export interface ExecutionListOptions {
  /** Called when an execution appears in the list, with the seconds for which it was missing. Default: not called */
  readonly onLag?: (seconds: number) => void;
}

/** Reports whether an execution counts as one that Aplos has. A rejected one did nothing, and a deleted one is gone. */
export const counts = ({ status }: Pick<ExecutionRecord, 'status'>): boolean =>
  status !== 'rejected' && status !== 'deleted';

interface Acknowledged {
  readonly record: ExecutionRecord & { readonly work: Work };
  readonly at: Moment;
  isListed: boolean;
  /** Time for which the execution was missing from the list, in milliseconds. */
  lagMs: number;
}

const MAX_INTERVAL_MS = 1_000;
/** Requests that nobody is in doubt about take at most this share of the time, up to one request a second. */
const MAX_SHARE = 0.05;
const MAX_ACKNOWLEDGED = 10_000;
/** Older executions do not count for the lag. One that is still missing was deleted. */
const RECENT_MS = 15 * 60_000;

/** The latest request for the list, which may still be in progress. */
interface Request {
  readonly askedAt: Moment;
  readonly listing: Promise<Listing>;
  /** Time until the next request, in milliseconds, unless somebody is in doubt. */
  intervalMs: number;
}

/** The executions of one profile. Requests for the list are expensive, so callers share them, and reuse a recent list. */
export class ExecutionList {
  readonly #options: ExecutionListOptions;
  readonly #acknowledged = new Map<string, Acknowledged>();
  readonly #reading: SharedCall<Listing>;
  #current: Request | undefined;

  /** @param list requests the list from Aplos */
  constructor(list: () => Promise<readonly ExecutionRecord[]>, options: ExecutionListOptions = {}) {
    this.#options = options;
    this.#reading = new SharedCall(() => {
      const askedAt = now();
      const listing = list().then((records) => {
        request.intervalMs = Math.min(MAX_INTERVAL_MS, elapsedMs(askedAt) / MAX_SHARE);
        return this.#toListing(askedAt, records);
      });
      const request: Request = { askedAt, listing, intervalMs: MAX_INTERVAL_MS };
      this.#current = request;
      return listing;
    });
  }

  /** Time of the last request for the list, which may still be in progress. `undefined` if there was none. */
  get askedAt(): Moment | undefined {
    return this.#current?.askedAt;
  }

  /** Remembers an execution whose start Aplos acknowledged. It is found from now on, even if the list lacks it. */
  acknowledge(record: Acknowledged['record']): void {
    this.#acknowledged.set(record.work.trackingId, { record, at: now(), isListed: false, lagMs: 0 });
    const [oldest] = this.#acknowledged.keys();
    if (oldest !== undefined && this.#acknowledged.size > MAX_ACKNOWLEDGED) this.#acknowledged.delete(oldest);
  }

  /**
   * Returns the list: a recent one, or a new one. If it may be older than this call, a new one is requested the later the longer
   * the last request took, but after a second at most. So the starts of a batch share few calls if the list is long, and a single
   * start does not wait if it is short.
   *
   * @param maxAgeMs maximum age of the request at the time of this call, in milliseconds; 0 requests a new list
   * @throws {@link UploadError} with an `API_…` or `LOGIN_…` code
   */
  async read(maxAgeMs: number): Promise<Listing> {
    const began = now();
    for (;;) {
      const current = this.#current;
      if (!current || maxAgeMs <= 0) return this.#reading.call();
      if (elapsedMs(current.askedAt) <= maxAgeMs + elapsedMs(began))
        return (await current.listing.catch(() => undefined)) ?? this.#reading.call();
      await current.listing.catch(() => {});
      const restMs = current.intervalMs - elapsedMs(current.askedAt);
      if (restMs <= 0) return this.#reading.call();
      await sleep(restMs);
    }
  }

  #toListing(askedAt: Moment, records: readonly ExecutionRecord[]): Listing {
    const byTrackingId = new Map<string, ExecutionRecord>();
    const ignored = new Set<string>();
    const listed = new Set(records.map(({ executionId }) => executionId));
    for (const record of records) {
      if (!counts(record)) ignored.add(record.executionId);
      else if (record.work) byTrackingId.set(record.work.trackingId, record);
    }
    const acknowledged = (trackingId: string) => {
      const record = this.#acknowledged.get(trackingId)?.record;
      return record && !ignored.has(record.executionId) ? record : undefined;
    };
    return {
      askedAt,
      records,
      lagMs: this.#observe(
        askedAt,
        ({ executionId, work }) => listed.has(executionId) || byTrackingId.has(work.trackingId),
      ),
      find: (trackingId) => byTrackingId.get(trackingId) ?? acknowledged(trackingId),
    };
  }

  /** Compares a list with the acknowledged executions. Returns the longest lag among the recent ones. */
  #observe(askedAt: Moment, isListed: (record: Acknowledged['record']) => boolean): number {
    let lagMs = 0;
    for (const execution of this.#acknowledged.values()) {
      const ageMs = elapsedMs(execution.at) - elapsedMs(askedAt);
      if (!execution.isListed && isListed(execution.record)) {
        execution.isListed = true;
        // It appeared between two requests. The second one may have come much later, and the first one before the start.
        execution.lagMs = Math.max(0, Math.min(ageMs, 2 * execution.lagMs));
        this.#options.onLag?.(execution.lagMs / 1000);
      }
      if (!execution.isListed && ageMs > 0) execution.lagMs = ageMs;
      if (ageMs < RECENT_MS) lagMs = Math.max(lagMs, execution.lagMs);
    }
    return lagMs;
  }
}
