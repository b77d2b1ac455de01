import { once } from 'node:events';
import { displayLocation, type FileJob } from '../../../client/file-job.js';
import type { CompletedUpload, UploadClient, UploadHandle, UploadRequestInput } from '../../../client.js';
import { UploadError } from '../../../contract/errors.js';
import { shellWord } from '../../../util/shell-word.js';
import { count, counts } from '../../../util/units.js';
import { batchView } from '../../output/batch-progress.js';
import { out } from '../../output/colors.js';
import { ExitCode, formatErrorFor, MAX_LINES, printError } from '../../output/errors.js';
import { startStates } from '../../output/start-states.js';
import { print, printJson, printToStderr } from '../../output/terminal.js';
import type { UiLinks } from '../../output/ui-links.js';
import type { UploadOptions } from './options.js';
import type { ReadRequest } from './preview.js';

/**
 * Starts any number of uploads and reports them as a whole. A file that can no longer be read does not stop the others.
 * Ctrl-C stops starting uploads, and leaves running uploads alone.
 */
export async function uploadInBulk(
  client: UploadClient,
  jobs: readonly FileJob[],
  read: ReadRequest,
  { wait, json, batch }: UploadOptions,
  { batchPage }: UiLinks,
): Promise<void> {
  const upload = new BulkUpload(client, jobs, read, Boolean(wait || json), Boolean(json));
  await upload.run();
  upload.printFailures();
  if (!json) upload.printSummary(batch, batchPage(batch));
}

class BulkUpload {
  readonly #client: UploadClient;
  readonly #jobs: readonly FileJob[];
  readonly #read: ReadRequest;
  readonly #waits: boolean;
  readonly #json: boolean;
  readonly #view;
  readonly #interrupted = new AbortController();
  readonly #workflowIds = new Set<string>();
  readonly #startTally = new Map<string, number>();
  readonly #endTally = new Map<string, number>();
  readonly #failures: string[] = [];
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
  ) {
    this.#client = client;
    this.#jobs = jobs;
    this.#read = read;
    this.#waits = waits;
    this.#json = json;
    this.#view = batchView(jobs.length);
  }

  async run(): Promise<void> {
    const interrupt = () => this.#interrupted.abort();
    process.once('SIGINT', interrupt); // a second Ctrl-C ends the command immediately
    try {
      const handles = this.#tallied(this.#client.startMany(this.#requests()));
      if (this.#waits) await this.#waitFor(handles);
      else for await (const _ of handles);
    } finally {
      process.off('SIGINT', interrupt);
      this.#view.stop();
    }
    if (this.#interrupted.signal.aborted) this.#exitInterrupted();
  }

  /** Reads one file at a time, just before its start, unless it was read before. */
  async *#requests(): AsyncGenerator<UploadRequestInput> {
    for (const job of this.#jobs) {
      if (this.#interrupted.signal.aborted) return;
      try {
        yield await this.#read(job);
      } catch (error) {
        if (!(error instanceof UploadError)) throw error;
        increment(this.#startTally, 'not started');
        this.#addFailure(formatErrorFor(displayLocation(job), error));
      }
    }
  }

  /** Counts the uploads that were started, and passes on each upload once. */
  async *#tallied(handles: AsyncIterable<UploadHandle>): AsyncGenerator<UploadHandle> {
    for await (const handle of handles) {
      const isNew = !this.#workflowIds.has(handle.workflowId);
      this.#workflowIds.add(handle.workflowId);
      increment(this.#startTally, isNew ? startStates[handle.state] : 'duplicate');
      this.#updateView();
      if (isNew) yield handle;
    }
    this.#resolveAllStarted();
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
    const exceedsLimit = isFailure && this.#failures.length >= MAX_LINES;
    if (!this.#json && (!isFailure || exceedsLimit)) return;
    try {
      const receipt = await upload.result();
      if (this.#json) printJson(receipt);
    } catch (error) {
      this.#addFailure(formatErrorFor(upload.fileName, error));
    }
  }

  #addFailure(line: string): void {
    this.#failures.push(line);
    process.exitCode = ExitCode.failed;
  }

  #updateView(): void {
    const done = this.#endTally.get('done') ?? 0;
    const failed = [...this.#endTally.values()].reduce((sum, number) => sum + number, 0) - done;
    this.#view.show({
      total: this.#jobs.length,
      started: this.#workflowIds.size,
      ...(this.#waits ? { ended: { done, failed } } : {}),
    });
  }

  #exitInterrupted(): void {
    const { size: started } = this.#workflowIds;
    const rest = started < this.#jobs.length ? ' and start the rest' : '';
    printToStderr(
      '',
      `Stopped. ${started.toLocaleString('en')} of ${count(this.#jobs.length, 'upload')} were started and continue in the background. Run the same command to join them${rest}.`,
    );
    process.exit(ExitCode.interrupted);
  }

  printFailures(): void {
    for (const line of this.#failures) printError(line);
  }

  printSummary(batch: string | undefined, page: string | undefined): void {
    const selection = batch === undefined ? '--since 1h' : `--batch ${shellWord(batch)}`;
    print(`${out.bold(count(this.#jobs.length, 'file'))}: ${counts(this.#startTally)}`);
    if (this.#waits) print(`Results: ${counts(this.#endTally)}`);
    else if (this.#startTally.has(startStates.started) || this.#startTally.has(startStates.running))
      print(
        `The uploads continue in the background. To see their status: aplos-upload status ${selection} --watch`,
      );
    if ([...this.#endTally.keys()].some((state) => state !== 'done'))
      print(
        `To list the failed uploads: aplos-upload status ${selection} --failed`,
        `After fixing the cause, resume them: aplos-upload replay ${selection} --failed`,
      );
    if (page) print(`In the Temporal UI: ${page}`);
  }
}

function increment(tally: Map<string, number>, key: string): void {
  tally.set(key, (tally.get(key) ?? 0) + 1);
}
