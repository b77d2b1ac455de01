import { errorTable, UploadError } from '../../contract/errors.js';
import { elapsedMs, type Moment, now } from '../../util/clock.js';
import type { ExecutionRecord, Work } from '../api.js';

/** Limits the calls for an account with many executions of other programs. The newest ones are looked into. */
const MAX_LOOKED_INTO = 1_000;
/** Refusals after which Aplos is taken not to return requests, as long as it has returned none. */
const MAX_REFUSALS = 20;
const REFUSED_FOR_MS = 10 * 60_000;
/** Time after which a request that Aplos did not return is read again. It doubles each time. */
const FIRST_RETRY_MS = 30_000;
/** Time for which an error must persist before the request of this execution is given up, because it would block all starts. */
const GIVE_UP_AFTER_MS = 15 * 60_000;

interface Failures {
  readonly first: Moment;
  readonly last: Moment;
  readonly count: number;
  /** True if the last failure was a refusal, or one that has persisted for long. */
  readonly isAccepted: boolean;
}

/**
 * Recognizes executions whose name has no tracking id, by the metadata in their request: those that were started in version 1,
 * whose names were shortened by Aplos, or that were renamed by a person. That takes a call for each of them, once.
 */
export class UnmarkedExecutions {
  readonly #readWork: (executionId: string) => Promise<Work | undefined>;
  /** Identities in the requests, by execution ID. */
  readonly #known = new Map<string, Work | undefined>();
  readonly #failures = new Map<string, Failures>();
  #refusals = 0;
  #refusedAt: Moment | undefined;

  /** @param readWork reads the identity of the work from the request of an execution */
  constructor(readWork: (executionId: string) => Promise<Work | undefined>) {
    this.#readWork = readWork;
  }

  /**
   * Adds the identity of the work to the executions without one, as far as their requests have one.
   *
   * @param records executions, the newest first
   */
  async recognize(records: readonly ExecutionRecord[]): Promise<ExecutionRecord[]> {
    const unmarked = records.filter(({ work }) => work === undefined).slice(0, MAX_LOOKED_INTO);
    await this.#lookInto(unmarked.map(({ executionId }) => executionId).filter((id) => this.#isDue(id)));
    return records.map((record) => {
      const { executionId } = record;
      if (record.work !== undefined || !this.#known.has(executionId)) return record;
      const work = this.#known.get(executionId);
      return { ...record, hasMarks: true, ...(work ? { work } : {}) };
    });
  }

  #isDue(executionId: string): boolean {
    const failures = this.#failures.get(executionId);
    if (!failures?.isAccepted) return !this.#known.has(executionId);
    return elapsedMs(failures.last) > FIRST_RETRY_MS * 2 ** failures.count;
  }

  /** Looks into the first ones one by one, until Aplos has returned a request. */
  async #lookInto(executionIds: readonly string[]): Promise<void> {
    let next = 0;
    while (this.#known.size === 0 && next < executionIds.length) {
      if (this.#areRefused) return;
      await this.#lookIntoOne(executionIds[next++] ?? '');
    }
    await Promise.all(executionIds.slice(next).map((executionId) => this.#lookIntoOne(executionId)));
  }

  get #areRefused(): boolean {
    return (
      this.#refusals >= MAX_REFUSALS &&
      this.#refusedAt !== undefined &&
      elapsedMs(this.#refusedAt) < REFUSED_FOR_MS
    );
  }

  async #lookIntoOne(executionId: string): Promise<void> {
    try {
      this.#known.set(executionId, await this.#readWork(executionId));
      this.#failures.delete(executionId);
    } catch (error) {
      if (!(error instanceof UploadError)) throw error;
      const isRefusal = errorTable[error.code].callMayNotExist;
      if (isRefusal) {
        // API Gateway responds with 403 to a path that it does not have.
        this.#refusals += error.code === 'API_FORBIDDEN' ? MAX_REFUSALS : 1;
        this.#refusedAt = now();
      }
      const { first = now(), count = 0 } = this.#failures.get(executionId) ?? {};
      const isAccepted = isRefusal || (isOfOne(error) && elapsedMs(first) > GIVE_UP_AFTER_MS);
      this.#failures.set(executionId, { first, last: now(), count: count + 1, isAccepted });
      if (!isAccepted) throw error;
    }
  }
}

/** Reports whether an error may be one of a single execution, and not of the whole service. */
const isOfOne = ({ code }: UploadError): boolean =>
  code === 'API_UNAVAILABLE' ||
  code === 'API_REFUSED' ||
  code === 'API_DELETED' ||
  code === 'API_ANSWER_BROKEN';
