import { errorTable, UploadError } from '../../contract/errors.js';
import type { ExecutionRecord, Work } from '../api.js';

/** Limits the calls for an account with many executions without a name. The newest ones are looked into. */
const MAX_LOOKED_INTO = 1_000;

/**
 * Recognizes executions without a name, such as those that were started in version 1, by the metadata in their request. That
 * takes a call for each of them, once.
 */
export class UnnamedExecutions {
  readonly #readWork: (executionId: string) => Promise<Work | undefined>;
  /** What was found in the requests. `undefined`: Aplos does not return the request. */
  readonly #known = new Map<string, { readonly work: Work | undefined } | undefined>();

  /** @param readWork reads the identity of the work from the request of an execution */
  constructor(readWork: (executionId: string) => Promise<Work | undefined>) {
    this.#readWork = readWork;
  }

  /** Adds the identity of the work to the executions without a name, as far as they have one. */
  async recognize(records: readonly ExecutionRecord[]): Promise<ExecutionRecord[]> {
    const isUnnamed = ({ hasMarks, work }: ExecutionRecord) => hasMarks !== true && work === undefined;
    const unnamed = records.filter(isUnnamed).slice(0, MAX_LOOKED_INTO);
    const unknown = unnamed.filter(({ executionId }) => !this.#known.has(executionId));
    await Promise.all(unknown.map(({ executionId }) => this.#lookInto(executionId)));
    return records.map((record) => {
      const known = isUnnamed(record) ? this.#known.get(record.executionId) : undefined;
      if (!known) return record;
      return { ...record, hasMarks: true, ...(known.work ? { work: known.work } : {}) };
    });
  }

  async #lookInto(executionId: string): Promise<void> {
    try {
      this.#known.set(executionId, { work: await this.#readWork(executionId) });
    } catch (error) {
      if (!(error instanceof UploadError) || !errorTable[error.code].callMayNotExist) throw error;
      this.#known.set(executionId, undefined);
    }
  }
}
