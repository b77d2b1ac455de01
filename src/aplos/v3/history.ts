import { UploadError } from '../../contract/errors.js';
import type { ExecutionIds, ExecutionRecord } from '../api.js';

/** An execution of a page, and its time of creation. */
export interface DatedRecord {
  readonly record: ExecutionRecord;
  /** Milliseconds since 1970 by the clock of Aplos. `undefined` if Aplos does not report it. */
  readonly createdMs: number | undefined;
}

/** A page of the history of executions. */
export interface HistoryPage {
  readonly executions: readonly DatedRecord[];
  /** Key of the next page. `undefined`: this is the last one. */
  readonly nextKey: string | undefined;
}

const MAX_PAGES = 20_000;
/** Successive pages without a new execution, after which Aplos is known to ignore the key of a page. */
const MAX_REPEATED_PAGES = 10;
/** New executions may appear in the history behind others that were created a little later. */
const OVERLAP_MS = 15 * 60_000;
/** Times of creation may differ by this much from the order of the history, as Aplos has several clocks. */
const ORDER_TOLERANCE_MS = 5 * 60_000;

/**
 * The history of executions, which may have many pages. It is read once, and remembered. After that, only newer pages are read:
 * until they are older than what was read before. Aplos does not promise the order of the pages, so it is observed: if the newest
 * executions do not come first, all pages are read each time.
 */
export class ExecutionHistory {
  readonly #readPage: (key: string | undefined) => Promise<HistoryPage>;
  readonly #lookBackMs: number;
  readonly #remembered = new Map<string, DatedRecord>();
  #isComplete = false;
  /** Page at which the first look continues, if it was interrupted. Used once, because it may expire. */
  #resumeAt: string | undefined;
  /** Time up to which all executions are known. */
  #knownUntilMs = Number.NEGATIVE_INFINITY;
  #isNewestFirst: boolean | undefined;
  /** Largest number of executions on a page. */
  #pageSize = 1;

  /**
   * @param readPage requests one page from Aplos. Default key: the first page
   * @param lookBackMs how old an execution may be to be found by the first look, in milliseconds
   */
  constructor(readPage: (key: string | undefined) => Promise<HistoryPage>, lookBackMs: number) {
    this.#readPage = readPage;
    this.#lookBackMs = lookBackMs;
  }

  /**
   * Returns all executions that are not older than the look-back, the newest first. Calls must not overlap.
   *
   * @param awaited executions of which current records are wanted, where pages take fewer calls than one for each. Default: none
   * @throws {@link UploadError} `API_ANSWER_UNEXPECTED` if Aplos returns the same pages again and again
   */
  async read(awaited?: ExecutionIds): Promise<ExecutionRecord[]> {
    const fresh = new Map<string, DatedRecord>();
    const resumeAt = this.#resumeAt;
    this.#resumeAt = undefined;
    if (!this.#isComplete) {
      await this.#walk(fresh, resumeAt, Date.now() - this.#lookBackMs, (key, newestMs) => {
        this.#resumeAt = key;
        this.#learnUntil(newestMs);
      });
      this.#isComplete = true;
      this.#resumeAt = undefined;
      if (resumeAt !== undefined) await this.#walk(fresh, undefined, this.#knownUntilMs - OVERLAP_MS);
    } else {
      const newMs = this.#knownUntilMs - OVERLAP_MS;
      await this.#walk(fresh, undefined, awaited ? this.#worthReadingUntil(awaited, newMs) : newMs);
    }
    const older = [...this.#remembered].filter(([executionId]) => !fresh.has(executionId));
    const all = [...fresh.values(), ...older.map(([, each]) => each)];
    if (this.#isNewestFirst !== true) all.sort(byAge);
    return all.map(({ record }) => record);
  }

  /** Forgets an execution that Aplos no longer has. */
  forget(executionId: string): void {
    this.#remembered.delete(executionId);
  }

  /**
   * Returns the time up to which pages are worth reading for the sake of some executions: a page costs one call, and an execution
   * that no page shows costs one of its own.
   *
   * @param newMs time up to which pages are read anyway
   */
  #worthReadingUntil(awaited: ExecutionIds, newMs: number): number {
    const wanted = [...awaited.keys()].flatMap((id) => this.#remembered.get(id)?.createdMs ?? []);
    const older = wanted.filter((createdMs) => createdMs < newMs).sort((one, other) => other - one);
    if (older.length === 0) return newMs;
    const all = [...this.#remembered.values()].flatMap(({ createdMs }) => createdMs ?? []);
    all.sort((one, other) => other - one);
    let best = { untilMs: newMs, calls: older.length };
    let shown = 0;
    while ((all[shown] ?? Number.NEGATIVE_INFINITY) >= newMs) shown++;
    const first = shown;
    for (const [index, createdMs] of older.entries()) {
      while ((all[shown] ?? Number.NEGATIVE_INFINITY) >= createdMs) shown++;
      const calls = (shown - first) / this.#pageSize + older.length - index - 1;
      if (calls < best.calls) best = { untilMs: createdMs, calls };
    }
    return best.untilMs;
  }

  /** Reads pages until they are older than a time. */
  async #walk(
    fresh: Map<string, DatedRecord>,
    startKey: string | undefined,
    untilMs: number,
    onPage: (nextKey: string, newestMs: number) => void = () => {},
  ): Promise<void> {
    const usedKeys = new Set<string>();
    let newestMs = Number.NEGATIVE_INFINITY;
    let lowestMs = Number.POSITIVE_INFINITY;
    let repeatedPages = 0;
    let key = startKey;
    for (let page = 0; page < MAX_PAGES; page++) {
      const isKeyRepeated = key !== undefined && usedKeys.has(key);
      if (key !== undefined) usedKeys.add(key);
      const { executions, nextKey } = await this.#readPage(key).catch((error: unknown) => {
        throw key === undefined ? error : withoutKey(error);
      });
      this.#pageSize = Math.max(this.#pageSize, executions.length);
      const hasNew = executions.some(({ record }) => !fresh.has(record.executionId));
      for (const { record, createdMs } of executions) {
        fresh.set(record.executionId, { record, createdMs });
        this.#remembered.set(record.executionId, { record: { ...record, isRemembered: true }, createdMs });
        this.#observeOrder(createdMs, lowestMs);
        if (createdMs === undefined) continue;
        lowestMs = Math.min(lowestMs, createdMs);
        newestMs = Math.max(newestMs, createdMs);
      }
      if (nextKey === undefined || (this.#isNewestFirst === true && lowestMs < untilMs)) break;
      repeatedPages = hasNew || executions.length === 0 ? 0 : repeatedPages + 1;
      if (usedKeys.has(nextKey) && !hasNew) {
        if (repeatedPages > 0 && !isKeyRepeated) throw repeats();
        break;
      }
      if (repeatedPages >= MAX_REPEATED_PAGES || page === MAX_PAGES - 1) throw repeats();
      onPage(nextKey, newestMs);
      key = nextKey;
    }
    this.#learnUntil(newestMs);
  }

  /** A time in the future says nothing about what is known. */
  #learnUntil(newestMs: number): void {
    this.#knownUntilMs = Math.max(this.#knownUntilMs, Math.min(newestMs, Date.now()));
  }

  /** Once the order was found to be another one, it stays that. */
  #observeOrder(createdMs: number | undefined, lowestMs: number): void {
    if (createdMs === undefined || createdMs > lowestMs + ORDER_TOLERANCE_MS) this.#isNewestFirst = false;
    else if (createdMs < lowestMs && lowestMs !== Number.POSITIVE_INFINITY) this.#isNewestFirst ??= true;
  }
}

/** Compares for a sort with the newest executions first, and those without a time at the end. */
const byAge = ({ createdMs: one = 0 }: DatedRecord, { createdMs: other = 0 }: DatedRecord) => other - one;

/** Statuses with which a service may refuse a key. */
const REFUSED_KEY: readonly unknown[] = [400, 404, 410, 422];

/** Returns the error of a later page. If Aplos refuses one, its key no longer holds, and the next look begins with new keys. */
const withoutKey = (error: unknown): unknown =>
  error instanceof UploadError && REFUSED_KEY.includes(error.details?.status)
    ? new UploadError('API_UNAVAILABLE', error.happened, { cause: error, details: error.details })
    : error;

const repeats = (): UploadError =>
  new UploadError(
    'API_ANSWER_UNEXPECTED',
    'Cannot list the executions: the Aplos API returned the same page of the history again',
  );
