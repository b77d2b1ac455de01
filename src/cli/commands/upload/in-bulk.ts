import { once } from 'node:events';
import { displayLocation, type FileJob, namesOfJobs } from '../../../client/file-job.js';
import type { CompletedUpload, UploadClient, UploadHandle, UploadRequestInput } from '../../../client.js';
import { UploadError } from '../../../contract/errors.js';
import { shellWord } from '../../../util/shell-word.js';
import { increment } from '../../../util/tally.js';
import { count } from '../../../util/units.js';
import { batchView } from '../../output/batch-progress.js';
import { bulkSummary } from '../../output/bulk-summary.js';
import { finishBeforeExit } from '../../output/closed-output.js';
import { ExitCode, formatErrorFor, MAX_LINES, printError } from '../../output/errors.js';
import { HostTally, reportMissingWorkers } from '../../output/missing-workers.js';
import type { Notices } from '../../output/notices.js';
import { doneRecord, problemRecord, unknownRecord } from '../../output/records.js';
import { startStates } from '../../output/start-states.js';
import { print, printJson, printToStderr } from '../../output/terminal.js';
import { exitAfterClosing } from '../exit.js';
import type { UploadOptions, UploadOutput } from './options.js';
import type { ReadRequest } from './preview.js';

/**
 * Starts any number of uploads and reports them as a whole. A file that can no longer be read does not stop the others.
 * Ctrl-C stops starting uploads, and leaves running uploads alone.
 *
 * @throws UploadError what stopped it; then it has printed how many uploads were started
 */
export async function uploadInBulk(
  client: UploadClient,
  jobs: readonly FileJob[],
  read: ReadRequest,
  { wait, json, batch }: UploadOptions,
  { notices, links }: UploadOutput,
): Promise<void> {
  const upload = new BulkUpload(client, jobs, read, Boolean(wait || json), Boolean(json), notices);
  try {
    await upload.run();
  } catch (error) {
    upload.printFailures();
    upload.printStopped(error);
    throw error;
  }
  upload.printFailures();
  if (!json) upload.printSummary(batch, links.listPage({ batch }));
}

class BulkUpload {
  readonly #client: UploadClient;
  readonly #jobs: readonly FileJob[];
  readonly #read: ReadRequest;
  readonly #waits: boolean;
  readonly #json: boolean;
  readonly #view;
  readonly #notices: Notices;
  readonly #hosts = new HostTally();
  readonly #interrupted = new AbortController();
  readonly #workflowIds = new Set<string>();
  readonly #startTally = new Map<string, number>();
  readonly #endTally = new Map<string, number>();
  readonly #failures: string[] = [];
  /** Uploads that Temporal does not have any more. */
  readonly #unknown: CompletedUpload[] = [];
  readonly #names: ReadonlyMap<FileJob, string>;
  /** Jobs whose start is in progress, in order. */
  readonly #starting: FileJob[] = [];
  readonly #jobOf = new Map<string, FileJob>();
  #resolveAllStarted = () => {};
  readonly #allStarted = new Promise<void>((resolve) => {
    this.#resolveAllStarted = resolve;
  });

  constructor(
    client: UploadClient,
    jobs: readonly FileJob[],
    read: ReadRequest,
    waits: boolean,
    json: boolean,
    notices: Notices,
  ) {
    this.#client = client;
    this.#jobs = jobs;
    const names = namesOfJobs(jobs);
    this.#names = new Map(jobs.map((job, index) => [job, names[index] ?? displayLocation(job)]));
    this.#read = read;
    this.#waits = waits;
    this.#json = json;
    this.#notices = notices;
    this.#view = batchView(jobs.length, notices);
  }

  async run(): Promise<void> {
    const interrupt = () => {
      this.#interrupted.abort();
      this.#client.stopWaiting();
    };
    process.once('SIGINT', interrupt); // a second Ctrl-C ends the command immediately
    const ended = new AbortController();
    void finishBeforeExit(this.#allStarted);
    const reporting = reportMissingWorkers(this.#client, this.#notices, ended.signal);
    try {
      const handles = this.#tallied(this.#client.startMany(this.#requests()));
      if (this.#waits) await this.#waitFor(handles);
      else for await (const _ of handles);
      await this.#hosts.warn(this.#client, this.#notices);
    } catch (error) {
      if (!this.#interrupted.signal.aborted) throw error;
    } finally {
      process.off('SIGINT', interrupt);
      ended.abort();
      await reporting;
      this.#view.stop();
    }
    if (this.#interrupted.signal.aborted) await this.#exitInterrupted();
  }

  /** Reads one file at a time, just before its start, unless it was read before. */
  async *#requests(): AsyncGenerator<UploadRequestInput> {
    for (const job of this.#jobs) {
      if (this.#interrupted.signal.aborted) return;
      try {
        const request = await this.#read(job);
        this.#starting.push(job);
        yield request;
      } catch (error) {
        if (!(error instanceof UploadError)) throw error;
        increment(this.#startTally, 'not started');
        if (this.#json) printJson(problemRecord('not-started', displayLocation(job), error));
        this.#addFailure(formatErrorFor(this.#names.get(job) ?? '', error));
      }
    }
  }

  /** Counts the uploads that were started, and passes on each upload once. */
  async *#tallied(handles: AsyncIterable<UploadHandle>): AsyncGenerator<UploadHandle> {
    try {
      for await (const handle of handles) {
        const job = this.#starting.shift();
        const isNew = !this.#workflowIds.has(handle.workflowId);
        if (isNew && job) this.#jobOf.set(handle.workflowId, job);
        this.#workflowIds.add(handle.workflowId);
        this.#hosts.add(handle);
        increment(this.#startTally, isNew ? startStates[handle.state] : 'duplicate');
        this.#updateView();
        if (isNew) yield handle;
      }
    } finally {
      this.#resolveAllStarted();
    }
  }

  async #waitFor(handles: AsyncIterable<UploadHandle>): Promise<void> {
    const ended = this.#client.asCompleted(handles)[Symbol.asyncIterator]();
    const interrupted = once(this.#interrupted.signal, 'abort').then(() => undefined);
    while (true) {
      const next = await Promise.race([ended.next(), interrupted]);
      if (!next) return this.#allStarted;
      if (next.done) return;
      await this.#handleEnd(next.value);
      this.#updateView();
    }
  }

  async #handleEnd(upload: CompletedUpload): Promise<void> {
    increment(this.#endTally, upload.state);
    const isFailure = upload.state !== 'done';
    if (isFailure) process.exitCode = ExitCode.failed;
    const job = this.#jobOf.get(upload.workflowId);
    const file = job ? displayLocation(job) : upload.fileName;
    const name = (job && this.#names.get(job)) ?? upload.fileName;
    if (upload.state === 'unknown') {
      this.#unknown.push(upload);
      if (this.#json) printJson({ ...unknownRecord(upload.workflowId), file });
      return;
    }
    const exceedsLimit = isFailure && this.#failures.length >= MAX_LINES;
    if (!this.#json && (!isFailure || exceedsLimit)) return;
    try {
      const receipt = await upload.result();
      if (this.#json) printJson(doneRecord(file, receipt));
    } catch (error) {
      if (this.#json) printJson(problemRecord('failed', file, error, upload.workflowId));
      if (!exceedsLimit) this.#addFailure(formatErrorFor(name, error));
    }
  }

  #addFailure(line: string): void {
    this.#failures.push(line);
    process.exitCode = ExitCode.failed;
  }

  #updateView(): void {
    const done = this.#endTally.get('done') ?? 0;
    const unknown = this.#endTally.get('unknown') ?? 0;
    const failed = [...this.#endTally.values()].reduce((sum, number) => sum + number, 0) - done - unknown;
    this.#view.show({
      total: this.#jobs.length,
      started: this.#workflowIds.size,
      ...(this.#waits ? { ended: { done, failed, unknown } } : {}),
    });
  }

  async #exitInterrupted(): Promise<never> {
    this.printStopped();
    return exitAfterClosing(this.#client, ExitCode.interrupted);
  }

  /**
   * Prints how many uploads were started, and how to continue with them.
   *
   * @param error what stopped the command. Default: Ctrl-C
   */
  printStopped(error?: unknown): void {
    const { size: started } = this.#workflowIds;
    const { length: total } = this.#jobs;
    const isLost = error instanceof UploadError && error.code === 'NAMESPACE_UNKNOWN';
    const fate = isLost ? '. What became of them is not known.' : ' and continue in the background.';
    const rest = started < total ? ' and start the rest' : '';
    printToStderr(
      '',
      started === 0
        ? `Stopped. None of ${count(total, 'upload')} was started. Run the same command again to start them.`
        : `Stopped. ${started.toLocaleString('en')} of ${count(total, 'upload')} were started${fate} Run the same command to join them${rest}.`,
    );
  }

  printFailures(): void {
    for (const line of this.#failures) printError(line);
    const [first] = this.#unknown;
    if (first)
      printError(
        `Temporal no longer has ${count(this.#unknown.length, 'upload')}, e.g. ${first.fileName} (${first.workflowId}), so the results are not known. Run the same command again: what Aplos already has is not started again.`,
      );
  }

  printSummary(batch: string | undefined, page: string | undefined): void {
    const selection = batch === undefined ? '--since 1h' : `--batch ${shellWord(batch)}`;
    const ends = this.#waits ? this.#endTally : undefined;
    print(...bulkSummary({ total: this.#jobs.length, starts: this.#startTally, ends, selection, page }));
  }
}
