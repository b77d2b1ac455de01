import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import pLimit, { type LimitFunction } from 'p-limit';
import { z } from 'zod';
import { UploadError } from '../contract/errors.js';
import { jsonIn } from '../contract/json.js';
import { quote } from '../util/quote.js';
import { systemErrorCode } from '../util/system-error.js';

/**
 * How far a file is: `starting` before Temporal is asked, `started` once it has answered, `ended` when the end has
 * been told.
 */
export type Stage = 'starting' | 'started' | 'ended';

/** What is remembered of a file's content. */
export interface FileRecord {
  /** When it was started, or was about to be. */
  readonly at: Date;
  readonly stage: Stage;
  readonly workflowId: string;
  /** Absolute, where it was seen last. */
  readonly path: string;
  /** Size and time of the file, as they were seen last. */
  readonly stamp: string;
  readonly sha256: string;
  /** SHA-256 of the configuration file beside it, if there was one. */
  readonly configuration?: string | undefined;
}

const line = z.object({
  at: z.iso.datetime(),
  stage: z.enum(['starting', 'started', 'ended']),
  profile: z.string(),
  workflowId: z.string(),
  path: z.string(),
  stamp: z.string(),
  sha256: z.string(),
  configuration: z.string().optional(),
});

/** What each line begins with, so that one that was cut off is told from the line of another file. */
const BEGINNING = '{"at":"';

/**
 * Where a watch of a folder remembers what it has started, unless `--state` says otherwise: below the XDG state
 * folder, by the path of the watched folder.
 */
export function defaultStateFile(folder: string, env: NodeJS.ProcessEnv = process.env): string {
  const { XDG_STATE_HOME: given = '' } = env;
  const state = isAbsolute(given) ? given : join(homedir(), '.local', 'state');
  const path = resolve(folder);
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 12);
  return join(state, 'aplos-upload', `watch-${basename(path)}-${hash}.jsonl`);
}

/**
 * What a watch has started, for longer than Temporal remembers: a file of JSON Lines that is only ever appended to,
 * each line on the disk before the watch goes on. What counts is a file's name and content, as for workflow ids; paths,
 * sizes and times only spare the reading.
 */
export class WatchState {
  readonly #file: string;
  readonly #profile: string;
  readonly #handle: FileHandle;
  readonly #oneAtATime: LimitFunction = pLimit(1);
  readonly #byContent = new Map<string, FileRecord>();
  readonly #byPath = new Map<string, FileRecord>();
  #endsInTheMiddle = false;

  private constructor(file: string, profile: string, handle: FileHandle) {
    this.#file = file;
    this.#profile = profile;
    this.#handle = handle;
  }

  /**
   * Reads what was remembered, and makes the file where there is none. A last line that was cut off is passed over:
   * nothing is done before its line is whole.
   *
   * @param profile what was started for other accounts does not count
   * @throws UploadError `STATE_FILE_UNWRITABLE`, or `STATE_FILE_INVALID` if the file is not a state file
   */
  static async open(file: string, profile: string): Promise<WatchState> {
    const unusable = (reason: string, cause?: unknown) =>
      new UploadError(
        'STATE_FILE_UNWRITABLE',
        `The file ${quote(file)}, where the watch remembers what it has started, cannot be written (${reason})`,
        { cause, action: 'Name another with --state.' },
      );
    let handle: FileHandle | undefined;
    try {
      const folder = dirname(resolve(file));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      handle = await open(file, 'a+', 0o600);
      if (!(await handle.stat()).isFile()) throw unusable('not a regular file');
      const memory = new WatchState(file, profile, handle);
      await memory.#load();
      await handle.sync();
      await syncFolder(folder);
      return memory;
    } catch (error) {
      await handle?.close();
      throw error instanceof UploadError ? error : unusable(systemErrorCode(error), error);
    }
  }

  /** Of how many contents. */
  get size(): number {
    return this.#byContent.size;
  }

  /** What is remembered of the file at a path, if it still is as it was. */
  at(path: string, stamp: string): FileRecord | undefined {
    const remembered = this.#byPath.get(path);
    return remembered?.stamp === stamp ? this.#byContent.get(contentKey(remembered)) : undefined;
  }

  /** What is remembered of a content under a name, wherever it lies. */
  of(path: string, sha256: string): FileRecord | undefined {
    return this.#byContent.get(contentKey({ path, sha256 }));
  }

  /** What is at a stage. */
  *atStage(stage: Stage): Generator<FileRecord> {
    for (const remembered of this.#byContent.values()) if (remembered.stage === stage) yield remembered;
  }

  /**
   * Remembers, and returns once it is on the disk.
   *
   * @throws UploadError `STATE_FILE_UNWRITABLE`
   */
  async note(remembered: FileRecord): Promise<void> {
    const { at, stage, ...rest } = remembered;
    const text = JSON.stringify({ at: at.toISOString(), stage, profile: this.#profile, ...rest });
    await this.#oneAtATime(() => this.#append(`${text}\n`));
    this.#keep(remembered);
  }

  /** Forgets, until the file is read again, what turned out never to have been started. */
  forget(remembered: FileRecord): void {
    this.#byContent.delete(contentKey(remembered));
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  async #load(): Promise<void> {
    let number = 0;
    for await (const text of this.#handle.readLines({ autoClose: false, start: 0, encoding: 'utf8' })) {
      number++;
      const content = text.replaceAll('\0', ''); // what a crash of the machine may leave
      if (content === '') continue;
      const parsed = line.safeParse(jsonIn(content));
      if (parsed.success) {
        const { at, profile, ...rest } = parsed.data;
        if (profile === this.#profile) this.#keep({ at: new Date(at), ...rest });
      } else if (!content.startsWith(BEGINNING.slice(0, content.length))) throw this.#notOurs(number);
    }
    const { size } = await this.#handle.stat();
    const { buffer } = await this.#handle.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
    this.#endsInTheMiddle = size > 0 && buffer.toString() !== '\n';
  }

  #keep(remembered: FileRecord): void {
    this.#byContent.set(contentKey(remembered), remembered);
    this.#byPath.set(remembered.path, remembered);
  }

  async #append(text: string): Promise<void> {
    try {
      const whole = this.#endsInTheMiddle ? `\n${text}` : text;
      this.#endsInTheMiddle = true; // until all of it is there
      await this.#handle.appendFile(whole);
      await this.#handle.datasync();
      this.#endsInTheMiddle = false;
    } catch (cause) {
      throw new UploadError(
        'STATE_FILE_UNWRITABLE',
        `What is started cannot be remembered, as ${quote(this.#file)} cannot be written (${systemErrorCode(cause)}), so nothing is started`,
        { cause, action: 'Check the disk; the watch goes on by itself.' },
      );
    }
  }

  #notOurs(number: number): UploadError {
    return new UploadError(
      'STATE_FILE_INVALID',
      `Line ${number} of ${quote(this.#file)} is not one of a watch's memory`,
      { action: 'Name another file with --state, or mend the line.' },
    );
  }
}

const contentKey = ({ path, sha256 }: Pick<FileRecord, 'path' | 'sha256'>) => `${basename(path)}\0${sha256}`;

/** So that a file that was just made is found after a crash of the machine. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().catch(() => {}); // not every file system can
  await handle.close();
}
