import { UploadError } from '../contract/errors.js';
import { endOf } from '../contract/execution-status.js';
import { elapsedMs, type Moment, now } from '../util/clock.js';
import type { AplosApi, ExecutionRecord } from './api.js';
import type { ExecutionList, Listing } from './execution-list.js';

/** How an execution is checked. */
export interface CheckOptions {
  /** Time until the next check of this execution, if it is at work, in milliseconds. */
  readonly pauseMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A list that is as old as this part of the pause between two checks serves as well as a new one. */
const AGE_PART = 0.25;
const MAX_AGE_MS = 60_000;
/** Number of records that cost as much as a call of their own. */
const RECORDS_PER_CALL = 100;
/** Calls that a list is expected to cost before one was read. It may have many pages. */
const UNKNOWN_LIST_CALLS = 20;
/** An execution that was not checked again for so many pauses is no longer waited for here. */
const OVERDUE_PAUSES = 3;
const MIN_OVERDUE_MS = 60_000;
/** Time for which a list is not requested again that Aplos does not offer. */
const REFUSED_FOR_MS = 10 * 60_000;

/** Executions that are waited for, by their ID. */
export type AwaitedExecutions = Map<string, Awaited>;

/** When an execution was checked, and the pause until its next check. */
export interface Awaited {
  readonly checkedAt: Moment;
  readonly pauseMs: number;
}

/**
 * Checks executions that somebody waits for. If enough of them are due at about the same time, one request for the list serves them
 * all; otherwise each takes a call of its own.
 */
export class ExecutionChecks {
  readonly #api: AplosApi;
  readonly #list: ExecutionList;
  readonly #awaited: AwaitedExecutions;
  #listCalls = UNKNOWN_LIST_CALLS;
  #refusedAt: Moment | undefined;
  /** Records of the last list, by execution ID. */
  #indexed: { readonly listing: Listing; readonly records: ReadonlyMap<string, ExecutionRecord> } | undefined;

  /** @param awaited receives the executions that are waited for, of which `list` has to show reports */
  constructor(api: AplosApi, list: ExecutionList, awaited: AwaitedExecutions) {
    this.#api = api;
    this.#list = list;
    this.#awaited = awaited;
  }

  /** Number of executions that are waited for. */
  get size(): number {
    return this.#awaited.size;
  }

  /**
   * Returns an execution as Aplos reports it, or reported it a short part of the pause ago.
   *
   * @throws {@link UploadError} as {@link AplosApi.execution}
   */
  async check(executionId: string, { pauseMs, signal }: CheckOptions): Promise<ExecutionRecord> {
    const isKnown = this.#awaited.has(executionId);
    this.#awaited.set(executionId, { checkedAt: now(), pauseMs });
    try {
      const listed = isKnown ? await this.#find(executionId, pauseMs) : undefined;
      const record = listed ?? (await this.#api.execution(executionId, signal));
      if (endOf(record.status) !== undefined) this.#awaited.delete(executionId);
      return record;
    } catch (error) {
      if (error instanceof UploadError && !error.retryable) this.#awaited.delete(executionId);
      throw error;
    }
  }

  /** Returns an execution from the list, if the list shows it as it is, and is cheaper than a call for each one that is due. */
  async #find(executionId: string, pauseMs: number): Promise<ExecutionRecord | undefined> {
    if (this.#refusedAt !== undefined && elapsedMs(this.#refusedAt) < REFUSED_FOR_MS) return undefined;
    const maxAgeMs = Math.min(MAX_AGE_MS, pauseMs * AGE_PART);
    const { askedAt } = this.#list;
    const isRecent = askedAt !== undefined && elapsedMs(askedAt) <= maxAgeMs;
    if (!isRecent && !this.#isListCheaper(executionId, maxAgeMs)) return undefined;
    const listing = await this.#list.read(maxAgeMs).catch((error: unknown) => {
      if (!(error instanceof UploadError) || !error.callMayNotExist) throw error;
      this.#refusedAt = now();
      return undefined;
    });
    const record = listing && this.#index(listing).get(executionId);
    return record?.isRemembered || !record?.report ? undefined : record;
  }

  /** Compares the calls that a list takes with the executions that are due until it is too old. */
  #isListCheaper(own: string, maxAgeMs: number): boolean {
    let due = 1;
    for (const [executionId, { checkedAt, pauseMs }] of this.#awaited) {
      const ageMs = elapsedMs(checkedAt);
      if (ageMs > Math.max(MIN_OVERDUE_MS, OVERDUE_PAUSES * pauseMs)) this.#awaited.delete(executionId);
      else if (executionId !== own && ageMs + maxAgeMs >= pauseMs) due++;
    }
    return due > this.#listCalls;
  }

  #index(listing: Listing): ReadonlyMap<string, ExecutionRecord> {
    if (this.#indexed?.listing === listing) return this.#indexed.records;
    const fresh = listing.records.filter(({ isRemembered }) => !isRemembered);
    this.#listCalls = 1 + fresh.length / RECORDS_PER_CALL;
    const awaited = fresh.filter(({ executionId }) => this.#awaited.has(executionId));
    const records = new Map(awaited.map((record) => [record.executionId, record]));
    this.#indexed = { listing, records };
    return records;
  }
}
