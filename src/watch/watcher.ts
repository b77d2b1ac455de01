import { basename, relative } from 'node:path';
import { UploadClient } from '../client.js';
import { isBelow } from '../files/roots.js';
import type { Settings } from '../settings/settings.js';
import { configurationChecksum } from './configuration.js';
import { configurationNames } from './configuration-match.js';
import type { OnWatchEvent } from './events.js';
import type { ScannedDataFile, WatchedFolder } from './folder.js';
import { GroupStarter } from './group-starter.js';
import { outageFrom } from './outages.js';
import { OutcomeReporter } from './outcomes.js';
import { WatchReporter } from './reporter.js';
import { reportScan } from './scan-report.js';
import { type WatchRequest, WatchStarter } from './starter.js';
import type { FileRecord, WatchState } from './state-file.js';

/** Parts of a {@link Watcher}. */
export interface WatcherOptions {
  /** Absolute path of the watched folder. */
  readonly root: string;
  readonly folder: WatchedFolder;
  readonly state: WatchState;
  readonly settings: Settings;
  readonly request: WatchRequest;
  readonly onEvent: OnWatchEvent;
}

/** Parts that need a connection to Temporal. */
interface Connected {
  readonly starter: WatchStarter;
  readonly outcomes: OutcomeReporter;
  readonly groups: GroupStarter;
}

/**
 * Starts an upload for each settled file whose content was not started before under its name, and reports the outcome
 * of each upload. Can be killed at any time without losing or repeating an upload.
 */
export class Watcher {
  readonly #root: string;
  readonly #folder: WatchedFolder;
  readonly #state: WatchState;
  readonly #settings: Settings;
  readonly #request: WatchRequest;
  readonly #reporter: WatchReporter;
  /** Configuration files that were compared after the start, with their versions, by data file. */
  readonly #compared = new Map<string, string>();
  #connected: Connected | undefined;

  constructor({ root, folder, state, settings, request, onEvent }: WatcherOptions) {
    this.#root = root;
    this.#folder = folder;
    this.#state = state;
    this.#settings = settings;
    this.#request = request;
    this.#reporter = new WatchReporter(onEvent);
  }

  /** Number of uploads that have not ended, as far as the watch knows. */
  get running(): number {
    return this.#connected?.outcomes.size ?? 0;
  }

  /**
   * Scans the folder once and starts the files that are due. Reports errors once, and leaves the rest to the next scan.
   *
   * @throws UploadError `SETTINGS_INVALID` if these settings cannot be used to connect to Temporal
   */
  async scanOnce(): Promise<void> {
    this.#connected ??= await this.#connect();
    const files = await this.#scan();
    if (!this.#connected) return;
    const due = [];
    for (const file of files) if (await this.#isDue(file, this.#connected)) due.push(file);
    await this.#connected.groups.startAll(due.sort(byPath));
  }

  async #connect(): Promise<Connected | undefined> {
    let client: UploadClient | undefined;
    try {
      client = await UploadClient.connect({ settings: this.#settings, outageLimitMs: 0 });
      const starter = new WatchStarter(client, this.#state, this.#request);
      await starter.resolveInterruptedStarts();
      const outcomes = new OutcomeReporter(client, this.#state, this.#reporter);
      for (const record of this.#state.atStage('started')) outcomes.add(record, this.#shown(record.path));
      this.#reporter.available('temporal');
      void outcomes.run(
        (error) => this.#reportError(error),
        () => this.#reporter.available('temporal'),
      );
      const shown = (path: string) => this.#shown(path);
      const groups = new GroupStarter({ starter, outcomes, reporter: this.#reporter, shown });
      return { starter, outcomes, groups };
    } catch (error) {
      await client?.close();
      if (!outageFrom(error)) throw error;
      this.#reportError(error);
      return undefined;
    }
  }

  async #scan(): Promise<readonly ScannedDataFile[]> {
    try {
      const scan = await this.#folder.scan();
      this.#reporter.available('folder');
      await this.#state.saveFolder(this.#root, scan.identity);
      for (const path of scan.mountPoints)
        await this.#state.saveFolder(path, { mountPoint: path, inode: '' });
      reportScan(scan, this.#reporter, (path) => this.#shown(path));
      return scan.dataFiles;
    } catch (error) {
      this.#reporter.failure('folder', error);
      return [];
    }
  }

  async #isDue(file: ScannedDataFile, { starter }: Connected): Promise<boolean> {
    const { path, stamp, settled, configurations } = file;
    const record = this.#state.findByPath(path, stamp);
    try {
      if (record) starter.assertResolved(record);
    } catch (error) {
      this.#reportError(error, path);
      return false;
    }
    if (record && record.stage !== 'starting') {
      await this.#compareConfiguration(file, record);
      return false;
    }
    if (!settled) {
      if (file.isRestless)
        this.#reporter.reportOnce(path, { event: 'waiting', file: this.#shown(path), reason: 'changing' });
      return false;
    }
    if (configurations.some((each) => !each.settled)) return false;
    if (configurations.length > 0 || this.#request.executions.length > 0) return true;
    const [expected] = configurationNames(basename(path));
    this.#reporter.reportOnce(path, {
      event: 'waiting',
      file: this.#shown(path),
      reason: 'no-configuration',
      expected,
    });
    return false;
  }

  /** Reports a configuration that was added or changed after the start. Does not start the file again: executions are charged. */
  async #compareConfiguration(
    { path, configurations: [current] }: ScannedDataFile,
    { configuration, workflowId }: FileRecord,
  ): Promise<void> {
    const fingerprint = current && `${current.path} ${current.stamp}`;
    if (!current?.settled || fingerprint === undefined || this.#compared.get(path) === fingerprint) return;
    const checksum = await configurationChecksum(current.path).catch(() => undefined);
    if (checksum === undefined) return;
    this.#compared.set(path, fingerprint);
    if (checksum === configuration) return;
    this.#reporter.reportOnce(path, {
      event: 'not-started',
      file: this.#shown(path),
      workflowId,
      reason: 'configuration-changed',
      path,
      configurationPath: current.path,
    });
  }

  /** Reports an error as an outage if it is one, otherwise as a problem of a file or of the outcomes. */
  #reportError(error: unknown, path?: string): void {
    if (path === undefined) this.#reporter.failure('outcomes', error);
    else this.#reporter.fileFailure(path, this.#shown(path), error);
  }

  /** Returns a path for messages: relative to the watched folder if it is inside. */
  #shown(path: string): string {
    if (path === this.#root) return '.';
    return isBelow(this.#root, path) ? relative(this.#root, path) : path;
  }
}

const byPath = (a: ScannedDataFile, b: ScannedDataFile) =>
  a.path.localeCompare(b.path, 'en', { numeric: true });
