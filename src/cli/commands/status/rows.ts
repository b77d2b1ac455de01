import type { UploadSummary } from '../../../client.js';

/** Largest number of uploads that are shown as rows. */
export const MAX_ROWS = 40;

/** Selects the uploads to show: first failed ones, then the longest-running ones, then the most recently completed ones. */
export class RowSelection {
  readonly #failed: UploadSummary[] = [];
  readonly #running: UploadSummary[] = [];
  readonly #done: UploadSummary[] = [];

  /** Adds an upload. Expects the newest first, as Temporal lists them. */
  add(upload: UploadSummary): void {
    if (upload.state === 'running') {
      this.#running.push(upload);
      if (this.#running.length > MAX_ROWS) this.#running.shift();
      return;
    }
    const rows = upload.state === 'done' ? this.#done : this.#failed;
    if (rows.length < MAX_ROWS) rows.push(upload);
  }

  /** The selected uploads, in the order in which to show them. */
  get uploads(): UploadSummary[] {
    const failed = this.#failed.slice(0, MAX_ROWS / 2);
    const running = [...this.#running].reverse();
    return [...failed, ...running, ...this.#done].slice(0, MAX_ROWS);
  }
}
