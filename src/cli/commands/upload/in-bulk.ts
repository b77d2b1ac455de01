import { once } from 'node:events';
import type { EndedUpload, UploadClient, UploadHandle, UploadRequestInput } from '../../../client.js';
import { UploadError } from '../../../contract/errors.js';
import { count, counts } from '../../../util/units.js';
import { type Job, requestForJob, shownFile } from '../../input/jobs.js';
import { batchView } from '../../output/batch-progress.js';
import { out } from '../../output/colors.js';
import { ExitCode, formatErrorFor, MAX_LINES, printError } from '../../output/errors.js';
import type { UiLinks } from '../../output/ui-links.js';
import { startStates, type UploadOptions } from './options.js';

/**
 * Starts any number of files, with one bar for all of them. A file that can no longer be read does not hold up
 * the others. Ctrl-C stops the starting, and leaves what is started running.
 */
export async function uploadInBulk(
  client: UploadClient,
  jobs: readonly Job[],
  { wait, json, batch }: UploadOptions,
  pages: UiLinks,
): Promise<void> {
  const batchOfFiles = new BatchOfFiles(client, jobs, Boolean(wait || json), Boolean(json));
  await batchOfFiles.run();
  batchOfFiles.complainOfFailures();
  if (!json) batchOfFiles.tellHowItWent(batch, pages.ofBatch(batch));
}

class BatchOfFiles {
  readonly #client: UploadClient;
  readonly #jobs: readonly Job[];
  readonly #waits: boolean;
  readonly #json: boolean;
  readonly #view;
  readonly #interrupted = new AbortController();
  readonly #workflowIds = new Set<string>();
  readonly #startedAs = new Map<string, number>();
  readonly #endedAs = new Map<string, number>();
  readonly #complaints: string[] = [];
  #tellAllAreAsked = () => {};
  readonly #allAreAsked = new Promise<void>((resolve) => {
    this.#tellAllAreAsked = resolve;
  });

  constructor(client: UploadClient, jobs: readonly Job[], waits: boolean, json: boolean) {
    this.#client = client;
    this.#jobs = jobs;
    this.#waits = waits;
    this.#json = json;
    this.#view = batchView(jobs.length);
  }

  async run(): Promise<void> {
    const interrupt = () => this.#interrupted.abort();
    process.once('SIGINT', interrupt); // a second one ends the command at once
    try {
      const handles = this.#counted(this.#client.startMany(this.#requests()));
      if (this.#waits) await this.#waitFor(handles);
      else for await (const _ of handles);
    } finally {
      process.off('SIGINT', interrupt);
      this.#view.stop();
    }
    if (this.#interrupted.signal.aborted) this.#leave();
  }

  /** One file is read at a time, when its turn comes: memory does not grow with their number. */
  async *#requests(): AsyncGenerator<UploadRequestInput> {
    for (const job of this.#jobs) {
      if (this.#interrupted.signal.aborted) return;
      try {
        yield await requestForJob(job);
      } catch (error) {
        if (!(error instanceof UploadError)) throw error;
        this.#note(this.#startedAs, 'not started');
        this.#complain(formatErrorFor(shownFile(job), error));
      }
    }
  }

  async *#counted(handles: AsyncIterable<UploadHandle>): AsyncGenerator<UploadHandle> {
    for await (const handle of handles) {
      const isNew = !this.#workflowIds.has(handle.workflowId);
      this.#workflowIds.add(handle.workflowId);
      this.#note(this.#startedAs, isNew ? startStates[handle.state] : 'the same as another of them');
      this.#show();
      if (isNew) yield handle;
    }
    this.#tellAllAreAsked();
  }

  async #waitFor(handles: AsyncIterable<UploadHandle>): Promise<void> {
    const ended = this.#client.asCompleted(handles)[Symbol.asyncIterator]();
    const interrupted = once(this.#interrupted.signal, 'abort').then(() => undefined);
    while (true) {
      const next = await Promise.race([ended.next(), interrupted]);
      if (!next) return this.#allAreAsked;
      if (next.done) return;
      await this.#tellOf(next.value);
      this.#show();
    }
  }

  async #tellOf(upload: EndedUpload): Promise<void> {
    this.#note(this.#endedAs, upload.state);
    const isFailure = upload.state !== 'done';
    if (isFailure) process.exitCode = ExitCode.failed;
    const isOneOfMany = isFailure && this.#complaints.length >= MAX_LINES;
    if (!this.#json && (!isFailure || isOneOfMany)) return;
    try {
      const receipt = await upload.result();
      if (this.#json) console.log(JSON.stringify(receipt));
    } catch (error) {
      this.#complain(formatErrorFor(upload.fileName, error));
    }
  }

  #complain(line: string): void {
    this.#complaints.push(line);
    process.exitCode = ExitCode.failed;
  }

  #note(tally: Map<string, number>, what: string): void {
    tally.set(what, (tally.get(what) ?? 0) + 1);
  }

  #show(): void {
    const { size: asked } = this.#workflowIds;
    const done = this.#endedAs.get('done') ?? 0;
    const failed = [...this.#endedAs.values()].reduce((sum, howMany) => sum + howMany, 0) - done;
    this.#view.show({
      total: this.#jobs.length,
      asked,
      ...(this.#waits ? { ended: { done, failed } } : {}),
    });
  }

  #leave(): void {
    const left = this.#jobs.length - this.#workflowIds.size;
    process.stderr.write(
      `\nStopped. ${count(this.#workflowIds.size, 'upload')} of ${this.#jobs.length.toLocaleString('en')} go on without this command. The same command again joins them${left > 0 ? ' and starts the rest' : ''}.\n`,
    );
    process.exit(ExitCode.interrupted);
  }

  complainOfFailures(): void {
    for (const line of this.#complaints) printError(line);
  }

  tellHowItWent(batch: string | undefined, page: string | undefined): void {
    const selection = batch === undefined ? '--since 1h' : `--batch ${JSON.stringify(batch)}`;
    console.log(`${out.bold(count(this.#jobs.length, 'file'))}: ${counts(this.#startedAs)}`);
    if (this.#waits) console.log(`Of these: ${counts(this.#endedAs)}`);
    else console.log(`They go on without this command. To watch: aplos-upload status ${selection} --watch`);
    if ([...this.#endedAs.keys()].some((state) => state !== 'done'))
      console.log(
        `What failed: aplos-upload status ${selection} --failed. To take it up again: aplos-upload replay ${selection} --failed`,
      );
    if (page) console.log(`In the Temporal UI: ${page}`);
  }
}
