import pMap from 'p-map';
import { UploadError } from '../contract/errors.js';
import type { ScannedDataFile } from './folder.js';
import { outageFrom } from './outages.js';
import type { OutcomeReporter } from './outcomes.js';
import type { WatchReporter } from './reporter.js';
import type { ReadFile, StartOutcome, WatchStarter } from './starter.js';

const START_CONCURRENCY = 8;
/** Number of files that are read before the first of them is started. */
const GROUP_SIZE = 50;

/** Parts of a {@link GroupStarter}. */
export interface GroupStarterOptions {
  readonly starter: WatchStarter;
  readonly outcomes: OutcomeReporter;
  readonly reporter: WatchReporter;
  /** Returns a path for messages. */
  readonly shown: (path: string) => string;
}

/** Starts the files of a scan, each content once, and reports what became of each. */
export class GroupStarter {
  readonly #starter: WatchStarter;
  readonly #outcomes: OutcomeReporter;
  readonly #reporter: WatchReporter;
  readonly #shown: (path: string) => string;
  /** Files that changed or vanished between a scan and their start, with their version in the scan. */
  readonly #deferred = new Map<string, string>();

  constructor({ starter, outcomes, reporter, shown }: GroupStarterOptions) {
    this.#starter = starter;
    this.#outcomes = outcomes;
    this.#reporter = reporter;
    this.#shown = shown;
  }

  /** Starts files in groups, so that Aplos is asked once for each group and not for each file. */
  async startAll(files: readonly ScannedDataFile[]): Promise<void> {
    for (let first = 0; first < files.length; first += GROUP_SIZE)
      if (!(await this.#startGroup(files.slice(first, first + GROUP_SIZE)))) return;
  }

  /** Starts files, each content once. Returns `false` if something is unavailable that every file needs. */
  async #startGroup(group: readonly ScannedDataFile[]): Promise<boolean> {
    const starter = this.#starter;
    let isOutage = false;
    const attempt = async <Result>(file: ScannedDataFile, work: () => Promise<Result>) => {
      if (isOutage) return undefined;
      try {
        return await work();
      } catch (error) {
        if (outageFrom(error)) isOutage = true;
        this.#reportStartError(error, file);
        return undefined;
      }
    };
    const unstarted = new Map<string, ReadFile>();
    const readOne = async (file: ScannedDataFile) => {
      const read = await starter.read(file);
      if ('outcome' in read) this.#reportOutcome(read, file);
      else {
        const content = `${read.request.fileName}/${read.starting.sha256}`;
        if (!unstarted.has(content)) unstarted.set(content, read); // the next scan finds the others known
      }
    };
    const concurrency = { concurrency: START_CONCURRENCY };
    await pMap(group, (file) => attempt(file, () => readOne(file)), concurrency);
    const reads = [...unstarted.values()];
    const known = isOutage ? undefined : await this.#findKnown(reads);
    if (!known) return false;
    const startOne = async (read: ReadFile, index: number) => {
      const work = known[index];
      const outcome = await (work ? starter.recordKnown(read, work) : starter.start(read));
      this.#reportOutcome(outcome, read.file);
    };
    await pMap(reads, (read, index) => attempt(read.file, () => startOne(read, index)), concurrency);
    return !isOutage;
  }

  /** Asks who knows the files. Without an answer nothing is started: it might be charged again. */
  async #findKnown(files: readonly ReadFile[]) {
    if (files.length === 0) return [];
    try {
      const known = await this.#starter.findKnown(files);
      this.#reporter.available('earlier-work');
      return known;
    } catch (error) {
      this.#reporter.failure('earlier-work', error);
      return undefined;
    }
  }

  #reportOutcome(result: StartOutcome, { path }: ScannedDataFile): void {
    if (result.outcome === 'deferred') return;
    const file = this.#shown(path);
    const { record } = result;
    const { workflowId } = record;
    if (result.outcome === 'known') {
      const { isMoved, state, executionIds } = result;
      const event = { event: 'not-started', file, workflowId } as const;
      if (executionIds) this.#reporter.reportOnce(path, { ...event, reason: 'known-to-aplos', executionIds });
      else if (isMoved)
        this.#reporter.reportOnce(path, { ...event, reason: 'known-content', ...(state ? { state } : {}) });
      return;
    }
    this.#reporter.available('temporal');
    this.#reporter.available('state-file');
    const state = result.outcome === 'found' ? 'running' : result.state;
    this.#reporter.forget(path);
    this.#reporter.report({ event: 'started', file, workflowId, state });
    this.#outcomes.add(record, file);
  }

  #reportStartError(error: unknown, { path, stamp }: ScannedDataFile): void {
    const code = error instanceof UploadError ? error.code : undefined;
    if (code === 'FILE_CHANGED' || code === 'FILE_NOT_FOUND') {
      const isRepeated = this.#deferred.get(path) === stamp;
      this.#deferred.set(path, stamp);
      if (!isRepeated) return; // the next scan decides
    }
    if (code === 'FILE_EMPTY')
      this.#reporter.reportOnce(path, { event: 'waiting', file: this.#shown(path), reason: 'empty' });
    else this.#reporter.fileFailure(path, this.#shown(path), error);
  }
}
