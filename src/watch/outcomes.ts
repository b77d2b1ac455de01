import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CompletedUpload, type PendingUpload, type UploadClient, UploadFailedError } from '../client.js';
import { UploadError } from '../contract/errors.js';
import type { WatchReporter } from './reporter.js';
import type { FileRecord, WatchState } from './state-file.js';

const RETRY_DELAY_MS = 5_000;

/** An upload whose outcome has not been reported. */
interface OpenUpload extends PendingUpload {
  readonly record: FileRecord;
}

/** Reports the outcome of each upload, and records in the state file that it was reported. */
export class OutcomeReporter {
  readonly #client: UploadClient;
  readonly #state: WatchState;
  readonly #reporter: WatchReporter;
  readonly #open = new Map<string, OpenUpload>();
  readonly #emitter = new EventEmitter();
  #added: OpenUpload[] = [];

  constructor(client: UploadClient, state: WatchState, reporter: WatchReporter) {
    this.#client = client;
    this.#state = state;
    this.#reporter = reporter;
  }

  /** Number of uploads whose outcome has not been reported. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Adds an upload whose outcome is to be reported.
   *
   * @param file what to call its file
   */
  add(record: FileRecord, file: string): void {
    const { workflowId } = record;
    if (this.#open.has(workflowId)) return;
    const result = () => this.#client.result(workflowId);
    const upload = { workflowId, fileName: file, state: 'running', result, record } as const;
    this.#open.set(workflowId, upload);
    this.#added.push(upload);
    this.#emitter.emit('added');
  }

  /** Reports outcomes as long as the process runs. Calls `onError` if that fails, and tries again. */
  async run(onError: (error: unknown) => void, onResponse: () => void): Promise<never> {
    while (true) {
      const attempt = new AbortController();
      try {
        await this.#probeTemporal();
        onResponse();
        for await (const ended of this.#client.asCompleted(this.#uploads(attempt.signal)))
          await this.#close(ended);
      } catch (error) {
        onError(error);
      }
      attempt.abort();
      await sleep(RETRY_DELAY_MS);
    }
  }

  async #probeTemporal(): Promise<void> {
    const [workflowId] = this.#open.keys();
    if (workflowId) await this.#client.status(workflowId);
  }

  async *#uploads(signal: AbortSignal): AsyncGenerator<OpenUpload> {
    this.#added = [...this.#open.values()];
    while (!signal.aborted) {
      yield* this.#added.splice(0);
      if (this.#added.length === 0) await once(this.#emitter, 'added', { signal }).catch(() => {});
    }
  }

  async #close(upload: CompletedUpload): Promise<void> {
    const { workflowId } = upload;
    const record = this.#open.get(workflowId)?.record;
    await this.#report(upload);
    if (record) await this.#state.save({ ...this.#latest(record), stage: 'ended' });
    this.#open.delete(workflowId);
  }

  /** Returns the current record, because the file may have been touched or moved since the start. */
  #latest(record: FileRecord): FileRecord {
    return this.#state.findByContent(record.path, record.sha256) ?? record;
  }

  async #report(upload: CompletedUpload): Promise<void> {
    const { workflowId, fileName: file, state } = upload;
    try {
      const { executions } = await upload.result();
      const executionIds = executions.map(({ executionId }) => executionId);
      this.#reporter.report({ event: 'done', file, workflowId, executionIds });
    } catch (error) {
      if (!(error instanceof UploadError)) throw error;
      const isUnreadable = error.code === 'PAYLOAD_UNREADABLE' || error.code === 'PAYLOAD_UNTRUSTED';
      if (error.code === 'UPLOAD_UNKNOWN') this.#reporter.report({ event: 'unknown', file, workflowId });
      else if (isUnreadable && state === 'done')
        this.#reporter.report({ event: 'done', file, workflowId, error });
      else if (isUnreadable || error instanceof UploadFailedError)
        this.#reporter.report({ event: 'failed', file, workflowId, error });
      else throw error;
    }
  }
}
