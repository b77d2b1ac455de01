import { basename, relative } from 'node:path';
import pMap from 'p-map';
import { startStates } from '../cli/commands/upload/options.js';
import { UploadClient } from '../client.js';
import { UploadError } from '../contract/errors.js';
import type { Settings } from '../settings/settings.js';
import { configurationChecksum, configurationNames } from './configuration.js';
import type { SeenDataFile, WatchedFolder } from './folder.js';
import type { Subject, WatchLog } from './log.js';
import { outageIn } from './outages.js';
import { OutcomeReporter } from './outcomes.js';
import { type WatchRequest, WatchStarter } from './starter.js';
import type { FileRecord, WatchState } from './state-file.js';

/** So many files are read and started at a time. */
const FILES_AT_ONCE = 8;

/** What a watcher works with. */
export interface WatcherParts {
  /** Absolute. */
  readonly root: string;
  readonly folder: WatchedFolder;
  readonly memory: WatchState;
  readonly settings: Settings;
  readonly work: WatchRequest;
  readonly log: WatchLog;
}

/** What there is once Temporal has answered. */
interface Connected {
  readonly starter: WatchStarter;
  readonly ends: OutcomeReporter;
}

/**
 * Starts an upload for each file below a folder that has settled and whose content was not started before under its
 * name, and tells how each ends. It may be killed at any time.
 */
export class Watcher {
  readonly #root: string;
  readonly #folder: WatchedFolder;
  readonly #memory: WatchState;
  readonly #settings: Settings;
  readonly #work: WatchRequest;
  readonly #log: WatchLog;
  /** By path of a file that was started, the state of the configuration beside it that was compared. */
  readonly #compared = new Map<string, string>();
  #connected: Connected | undefined;

  constructor({ root, folder, memory, settings, work, log }: WatcherParts) {
    this.#root = root;
    this.#folder = folder;
    this.#memory = memory;
    this.#settings = settings;
    this.#work = work;
    this.#log = log;
  }

  /** How many uploads go on, as far as is known. */
  get running(): number {
    return this.#connected?.ends.size ?? 0;
  }

  /**
   * Looks once, and starts what is due. What goes wrong is told, once, and left for the next round.
   *
   * @throws UploadError `SETTINGS_INVALID` where Temporal cannot be talked to with these settings
   */
  async round(): Promise<void> {
    this.#connected ??= await this.#connect();
    const files = await this.#look();
    if (!this.#connected) return;
    const due = [];
    for (const file of files) if (await this.#isDue(file, this.#connected)) due.push(file);
    await this.#startAll(due.sort(byPath), this.#connected);
  }

  async #connect(): Promise<Connected | undefined> {
    let client: UploadClient | undefined;
    try {
      client = await UploadClient.connect({ settings: this.#settings });
      const starter = new WatchStarter(client, this.#memory, this.#work);
      await starter.settle();
      const ends = new OutcomeReporter(client, this.#memory, this.#log);
      for (const remembered of this.#memory.atStage('started'))
        ends.add(remembered, this.#shown(remembered.path));
      this.#answers();
      void ends.follow(
        (error) => this.#tellOfTrouble(error),
        () => this.#answers(),
      );
      return { starter, ends };
    } catch (error) {
      await client?.close();
      if (error instanceof UploadError && error.code === 'SETTINGS_INVALID') throw error;
      if (!outageIn(error)) throw error;
      this.#tellOfTrouble(error);
      return undefined;
    }
  }

  async #look(): Promise<readonly SeenDataFile[]> {
    try {
      const { dataFiles, unreadable } = await this.#folder.scan();
      this.#log.mended('folder', `${this.#root}: is there again.`);
      const there = new Set([...dataFiles.map(({ path }) => path), ...unreadable.keys()]);
      this.#log.keepOnly((path) => there.has(path));
      for (const [path, code] of unreadable)
        this.#log.complainOnce(this.#subject(path), cannotBeRead(path, code));
      return dataFiles;
    } catch (error) {
      this.#log.trouble('folder', error);
      return [];
    }
  }

  async #isDue(file: SeenDataFile, { starter }: Connected): Promise<boolean> {
    const { path, stamp, settled, configurations } = file;
    const remembered = this.#memory.at(path, stamp);
    try {
      if (remembered) starter.assertSettled(remembered);
    } catch (error) {
      this.#log.complainOnce(this.#subject(path), error);
      return false;
    }
    if (remembered && remembered.stage !== 'starting') {
      await this.#compareConfiguration(file, remembered);
      return false;
    }
    if (!settled || configurations.some((each) => !each.settled)) return false;
    if (configurations.length > 0 || this.#work.executions.length > 0) return true;
    const [name] = configurationNames(basename(path));
    this.#log.sayOnce('waiting', this.#subject(path), `waits for its configuration, ${name} beside it`);
    return false;
  }

  /** A configuration that comes late does not start a file again, as an execution is paid for; it is told. */
  async #compareConfiguration(
    { path, configurations: [beside] }: SeenDataFile,
    { configuration, workflowId }: FileRecord,
  ): Promise<void> {
    const state = beside && `${beside.path} ${beside.stamp}`;
    if (!beside?.settled || state === undefined || this.#compared.get(path) === state) return;
    const sum = await configurationChecksum(beside.path).catch(() => undefined);
    if (sum === undefined) return;
    this.#compared.set(path, state);
    if (sum === configuration) return;
    this.#log.sayOnce(
      'not-started',
      this.#subject(path),
      `not started again with ${basename(beside.path)}, which came or was changed after the start, ${workflowId}. To pay for an execution with it: aplos-upload upload ${JSON.stringify(path)} --config ${JSON.stringify(beside.path)}`,
    );
  }

  async #startAll(files: readonly SeenDataFile[], connected: Connected): Promise<void> {
    let goesOn = true;
    const startOne = async (file: SeenDataFile) => {
      if (!goesOn) return;
      try {
        await this.#start(file, connected);
      } catch (error) {
        if (outageIn(error)) goesOn = false;
        this.#tellWhyNot(error, file.path);
      }
    };
    await pMap(files, startOne, { concurrency: FILES_AT_ONCE });
  }

  async #start(file: SeenDataFile, { starter, ends }: Connected): Promise<void> {
    const subject = this.#subject(file.path);
    const became = await starter.start(file);
    if (became.outcome === 'later') return;
    const { remembered } = became;
    const { workflowId } = remembered;
    if (became.outcome === 'known') {
      const what = `not started, as this content was started before under this name, ${workflowId}`;
      this.#log.sayOnce('not-started', subject, what);
      return;
    }
    this.#answers();
    this.#log.mended('memory', 'What is started can be remembered again.');
    const state = became.outcome === 'found' ? 'running' : became.state;
    const greeting = `${startStates[state]}${state === 'running' ? ', joined' : ''}`;
    const facts = { file: subject.shown, workflowId, state };
    this.#log.say('started', `${subject.shown}: ${greeting}, ${workflowId}`, facts);
    ends.add(remembered, subject.shown);
  }

  #tellWhyNot(error: unknown, path: string): void {
    const code = error instanceof UploadError ? error.code : undefined;
    if (code === 'FILE_CHANGED' || code === 'FILE_NOT_FOUND') return; // the next rounds will see
    if (code === 'FILE_EMPTY') this.#log.sayOnce('waiting', this.#subject(path), 'is empty, waits for data');
    else this.#tellOfTrouble(error, path);
  }

  #answers(): void {
    this.#log.mended('Temporal', 'Temporal answers again.');
  }

  /** Tells of an error, as a trouble of all files if it is one. */
  #tellOfTrouble(error: unknown, path?: string): void {
    const trouble = outageIn(error);
    if (trouble) this.#log.trouble(trouble.with, trouble.error);
    else if (path) this.#log.complainOnce(this.#subject(path), error);
    else this.#log.trouble('the ends of uploads', error);
  }

  #subject(path: string): Subject {
    return { path, shown: this.#shown(path) };
  }

  #shown(path: string): string {
    const below = relative(this.#root, path);
    return below.startsWith('..') ? path : below;
  }
}

const byPath = (a: SeenDataFile, b: SeenDataFile) => a.path.localeCompare(b.path, 'en', { numeric: true });

const cannotBeRead = (path: string, code: string) =>
  new UploadError('FILE_READ_FAILED', `${JSON.stringify(path)} cannot be read (${code})`, {
    action: 'Check the rights and the mount; the watch goes on by itself.',
  });
