import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import pLimit, { type LimitFunction } from 'p-limit';
import { z } from 'zod';
import { UploadError } from '../contract/errors.js';
import { tryParseJson } from '../contract/parse-json.js';
import { isBelow } from '../files/roots.js';
import { decodeText, EncodingError } from '../util/decode-text.js';
import { quote } from '../util/quote.js';
import { systemErrorCode } from '../util/system-error.js';
import type { FolderIdentity } from './folder-identity.js';

/**
 * Progress of a file: `starting` before the call to Temporal, `started` after it, `ended` once the outcome has been
 * reported.
 */
export type Stage = 'starting' | 'started' | 'ended';

/** Record of an upload in the state file. A content under a name has one record. */
export interface FileRecord {
  /** Time of the start. */
  readonly at: Date;
  readonly stage: Stage;
  readonly workflowId: string;
  /** Absolute path at which the file was last seen. */
  readonly path: string;
  /** Version of the file when it was last seen. See {@link stampOf}. */
  readonly stamp: string;
  readonly sha256: string;
  /** SHA-256 of the configuration file next to it. Default: there was none. */
  readonly configuration?: string | undefined;
}

const lineSchema = z.object({
  at: z.iso.datetime(),
  stage: z.enum(['starting', 'started', 'ended']),
  profile: z.string(),
  workflowId: z.string(),
  path: z.string(),
  stamp: z.string(),
  sha256: z.string(),
  configuration: z.string().optional(),
});

const folderLineSchema = z.object({
  at: z.iso.datetime(),
  folder: z.string(),
  mountPoint: z.string(),
  inode: z.string(),
});

/** Beginning of each line. Distinguishes a truncated line from a line of some other file. */
const LINE_PREFIX = '{"at":"';

/**
 * The uploads that a watch has started, kept for longer than Temporal keeps histories. The state file is JSON Lines, and
 * append-only; each line is flushed to disk before the watch continues. Records are identified by name and content, as
 * workflow ids are. Paths, sizes and mtimes only avoid reading files again.
 */
export class WatchState {
  readonly #file: string;
  readonly #profile: string;
  readonly #handle: FileHandle;
  readonly #oneAtATime: LimitFunction = pLimit(1);
  readonly #byContent = new Map<string, FileRecord>();
  readonly #byPath = new Map<string, FileRecord>();
  readonly #folders = new Map<string, FolderIdentity>();
  #endsMidLine = false;

  private constructor(file: string, profile: string, handle: FileHandle) {
    this.#file = file;
    this.#profile = profile;
    this.#handle = handle;
  }

  /**
   * Reads the state file, or creates it. Ignores a truncated last line, because the watch never acts before its line is
   * complete.
   *
   * @param profile Aplos account; records of other accounts are ignored
   * @throws UploadError `STATE_FILE_UNWRITABLE`, or `STATE_FILE_INVALID` if the file is not a state file
   */
  static async open(file: string, profile: string): Promise<WatchState> {
    const unusable = (reason: string, cause?: unknown) =>
      new UploadError(
        'STATE_FILE_UNWRITABLE',
        `The state file ${quote(file)} cannot be written (${reason})`,
        {
          cause,
          action: 'Name another file with --state.',
        },
      );
    let handle: FileHandle | undefined;
    try {
      const folder = dirname(resolve(file));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      handle = await open(file, 'a+', 0o600);
      if (!(await handle.stat()).isFile()) throw unusable('not a regular file');
      const state = new WatchState(file, profile, handle);
      await state.#load();
      await handle.sync();
      await syncFolder(folder);
      return state;
    } catch (error) {
      await handle?.close();
      throw error instanceof UploadError ? error : unusable(systemErrorCode(error), error);
    }
  }

  /** Number of records. */
  get size(): number {
    return this.#byContent.size;
  }

  /** Returns the record of the file at a path, if its version has not changed. */
  findByPath(path: string, stamp: string): FileRecord | undefined {
    const record = this.#byPath.get(path);
    return record?.stamp === stamp ? this.#byContent.get(contentKey(record)) : undefined;
  }

  /** Returns the record of a content under a file name, in any folder. */
  findByContent(path: string, sha256: string): FileRecord | undefined {
    return this.#byContent.get(contentKey({ path, sha256 }));
  }

  /** Lists the records at a stage. */
  *atStage(stage: Stage): Generator<FileRecord> {
    for (const record of this.#byContent.values()) if (record.stage === stage) yield record;
  }

  /**
   * Saves a record, and returns once it is on disk.
   *
   * @throws UploadError `STATE_FILE_UNWRITABLE`
   */
  async save(record: FileRecord): Promise<void> {
    const { at, stage, ...rest } = record;
    const text = JSON.stringify({ at: at.toISOString(), stage, profile: this.#profile, ...rest });
    await this.#oneAtATime(() => this.#append(`${text}\n`));
    this.#keep(record);
  }

  /** Returns the identity of a watched folder, as it was saved. */
  folderIdentity(folder: string): FolderIdentity | undefined {
    return this.#folders.get(folder);
  }

  /** Lists the subfolders of a watched folder at which shares were mounted. */
  mountPointsBelow(folder: string): string[] {
    return [...this.#folders]
      .filter(([path, { mountPoint }]) => path === mountPoint && isBelow(folder, path))
      .map(([path]) => path);
  }

  /**
   * Saves the identity of a watched folder, unless it is the same as before.
   *
   * @throws UploadError `STATE_FILE_UNWRITABLE`
   */
  async saveFolder(folder: string, { mountPoint, inode }: FolderIdentity): Promise<void> {
    const before = this.#folders.get(folder);
    if (before?.mountPoint === mountPoint && before.inode === inode) return;
    const text = JSON.stringify({ at: new Date(), folder, mountPoint, inode });
    await this.#oneAtATime(() => this.#append(`${text}\n`));
    this.#folders.set(folder, { mountPoint, inode });
  }

  /** Drops a record until the state file is opened again, because the file turned out not to have been started. */
  forget(record: FileRecord): void {
    this.#byContent.delete(contentKey(record));
  }

  /** Closes the state file. */
  close(): Promise<void> {
    return this.#handle.close();
  }

  async #load(): Promise<void> {
    let number = 0;
    // Latin-1 keeps every byte, and has no other line breaks than these files, unlike U+2028 in a path.
    for await (const bytes of this.#handle.readLines({ autoClose: false, start: 0, encoding: 'latin1' })) {
      const content = this.#decodeLine(bytes, ++number);
      if (content === '') continue;
      const value = tryParseJson(content);
      const parsed = lineSchema.safeParse(value);
      const folder = folderLineSchema.safeParse(value);
      if (parsed.success) {
        const { at, profile, ...rest } = parsed.data;
        if (profile === this.#profile) this.#keep({ at: new Date(at), ...rest });
      } else if (folder.success) this.#folders.set(folder.data.folder, folder.data);
      else if (value !== undefined || !content.startsWith(LINE_PREFIX.slice(0, content.length)))
        throw this.#invalidLine(number);
    }
    const { size } = await this.#handle.stat();
    const { buffer } = await this.#handle.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
    this.#endsMidLine = size > 0 && buffer.toString() !== '\n';
  }

  /** Returns the line without NUL bytes, which a crash of the machine may leave. A crash may also truncate a character. */
  #decodeLine(latin1: string, number: number): string {
    const written = latin1.replaceAll('\0', '');
    if (written === '' || (written.startsWith(LINE_PREFIX) && !written.endsWith('}'))) return '';
    try {
      return decodeText(Buffer.from(latin1, 'latin1'), number).replaceAll('\0', '');
    } catch (error) {
      if (!(error instanceof EncodingError)) throw error;
      throw new UploadError('STATE_FILE_INVALID', `The state file ${quote(this.#file)} ${error.message}`);
    }
  }

  #keep(record: FileRecord): void {
    this.#byContent.set(contentKey(record), record);
    this.#byPath.set(record.path, record);
  }

  async #append(text: string): Promise<void> {
    try {
      const whole = this.#endsMidLine ? `\n${text}` : text;
      this.#endsMidLine = true; // until the append has succeeded
      await this.#handle.appendFile(whole);
      await this.#handle.datasync();
      this.#endsMidLine = false;
    } catch (cause) {
      throw new UploadError(
        'STATE_FILE_UNWRITABLE',
        `No upload is started, because the state file ${quote(this.#file)} cannot be written (${systemErrorCode(cause)})`,
        { cause, action: 'Check the free space and the permissions. The watch keeps trying.' },
      );
    }
  }

  #invalidLine(number: number): UploadError {
    return new UploadError(
      'STATE_FILE_INVALID',
      `Line ${number} of ${quote(this.#file)} is not a line of a state file of this version`,
    );
  }
}

const contentKey = ({ path, sha256 }: Pick<FileRecord, 'path' | 'sha256'>) => `${basename(path)}\0${sha256}`;

/** Makes a new file survive a crash of the machine. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().catch(() => {}); // not every file system supports this
  await handle.close();
}
