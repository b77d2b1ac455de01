import type { UploadSummary } from '../../../client.js';

/** Largest number of uploads that are shown as rows. */
export const MAX_ROWS = 40;
/** Largest number of running uploads whose errors are looked up. */
const MAX_RUNNING = 200;

/** Uploads that failed with one code. */
export interface FailuresWithCode {
  readonly code: string;
  readonly total: number;
  /** The most recent of them. */
  readonly uploads: readonly UploadSummary[];
}

/** Selects the uploads to show: first failed ones, then the longest-running ones, then the most recently completed ones. */
export class RowSelection {
  readonly #failed: UploadSummary[] = [];
  readonly #running: UploadSummary[] = [];
  readonly #done: UploadSummary[] = [];
  readonly #maxRows: number;
  readonly #failures = new Map<string, { total: number; uploads: UploadSummary[] }>();

  /** @param maxRows largest number of uploads to select. Default: 40 */
  constructor(maxRows = MAX_ROWS) {
    this.#maxRows = maxRows;
  }

  /** Adds an upload. Expects the newest first, as Temporal lists them. */
  add(upload: UploadSummary): void {
    const { state, errorCode } = upload;
    if (state === 'running') {
      this.#running.push(upload);
      if (this.#running.length > Math.max(MAX_RUNNING, this.#maxRows)) this.#running.shift();
      return;
    }
    if ((state === 'failed' || state === 'timed-out') && errorCode !== undefined)
      this.#addFailure(errorCode, upload);
    else this.#keep(state === 'done' ? this.#done : this.#failed, upload);
  }

  #keep(uploads: UploadSummary[], upload: UploadSummary): void {
    if (uploads.length < this.#maxRows) uploads.push(upload);
  }

  #addFailure(code: string, upload: UploadSummary): void {
    const group = this.#failures.get(code) ?? { total: 0, uploads: [] };
    group.total++;
    this.#keep(group.uploads, upload);
    this.#failures.set(code, group);
  }

  /** Failed uploads by their error, the most frequent error first. */
  get failures(): FailuresWithCode[] {
    return [...this.#failures]
      .map(([code, group]) => ({ code, ...group }))
      .sort((one, other) => other.total - one.total);
  }

  /**
   * Returns the selected uploads, in the order in which to show them.
   *
   * @param without codes of failed uploads that are shown otherwise
   */
  uploads(without: ReadonlySet<string>): UploadSummary[] {
    const failed = this.failures.filter(({ code }) => !without.has(code)).flatMap(({ uploads }) => uploads);
    const running = [...this.#running].reverse();
    const others = [...running, ...this.#done];
    const roomForFailed = this.#maxRows - Math.min(Math.floor(this.#maxRows / 2), others.length);
    return [...[...failed, ...this.#failed].slice(0, roomForFailed), ...others];
  }
}
