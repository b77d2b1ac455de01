import { stat } from 'node:fs/promises';
import pMap from 'p-map';
import { filesBelow } from '../cli/input/files.js';
import { UploadError } from '../contract/errors.js';
import { FILE_TYPES } from '../contract/names.js';
import { quote } from '../util/quote.js';
import { systemErrorCode } from '../util/system-error.js';
import { CONFIGURATION, configurationNames } from './configuration.js';

const STATS_AT_ONCE = 32;

/** A file as the last look showed it. */
export interface SeenFile {
  /** Absolute. */
  readonly path: string;
  /** Its size and time. */
  readonly stamp: string;
  /** Whether these have been the same for as long as asked. */
  readonly settled: boolean;
}

/** A data file, and what lies beside it as its configuration. */
export interface SeenDataFile extends SeenFile {
  readonly configurations: readonly SeenFile[];
}

/** What a look at a folder showed. */
export interface Scan {
  readonly dataFiles: readonly SeenDataFile[];
  /** What could not be looked at: paths, each with the error's code. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/** A folder that is looked at again and again. What has been seen of a file is held for as long as it is there. */
export class WatchedFolder {
  readonly #folder: string;
  readonly #settleMs: number;
  #seen = new Map<string, { readonly stamp: string; readonly sinceMs: number }>();

  /**
   * @param folder absolute
   * @param settleMs for how long a file's size and time must be the same
   */
  constructor(folder: string, settleMs: number) {
    this.#folder = folder;
    this.#settleMs = settleMs;
  }

  /**
   * Looks at every file below the folder.
   *
   * @throws UploadError `FILE_NOT_FOUND`, `FILE_READ_FAILED` where the folder itself cannot be looked at
   */
  async scan(): Promise<Scan> {
    const unreadable = new Map<string, string>();
    const note = (path: string, code: string) => unreadable.set(path, code);
    await this.#assertThere();
    const paths = await filesBelow(this.#folder, [...FILE_TYPES, CONFIGURATION], note);
    const ownCode = unreadable.get(this.#folder);
    if (ownCode) throw this.#notThere(ownCode);
    const files = await this.#settling(paths, note);
    return { dataFiles: withConfigurations(files), unreadable };
  }

  async #settling(
    paths: readonly string[],
    onUnreadable: (path: string, code: string) => void,
  ): Promise<SeenFile[]> {
    const before = this.#seen;
    const now = new Map<string, { stamp: string; sinceMs: number }>();
    const files = await pMap(
      paths,
      async (path): Promise<SeenFile[]> => {
        const stamp = await stampOf(path).catch((error: unknown) => {
          if (systemErrorCode(error) !== 'ENOENT') onUnreadable(path, systemErrorCode(error));
        });
        if (stamp === undefined) return [];
        const nowMs = performance.now();
        const last = before.get(path);
        const seen = last?.stamp === stamp ? last : { stamp, sinceMs: nowMs };
        now.set(path, seen);
        return [{ path, stamp, settled: last === seen && nowMs - seen.sinceMs >= this.#settleMs }];
      },
      { concurrency: STATS_AT_ONCE },
    );
    this.#seen = now;
    return files.flat();
  }

  async #assertThere(): Promise<void> {
    const status = await stat(this.#folder).catch((error: unknown) => {
      throw this.#notThere(systemErrorCode(error));
    });
    if (!status.isDirectory()) throw this.#notThere('ENOTDIR');
  }

  #notThere(code: string): UploadError {
    return code === 'ENOENT'
      ? new UploadError('FILE_NOT_FOUND', `There is no folder ${quote(this.#folder)}`, {
          action: 'Mount the share, or correct the path; the watch goes on when the folder is there.',
        })
      : new UploadError('FILE_READ_FAILED', `The folder ${quote(this.#folder)} cannot be read (${code})`, {
          action: 'Check the mount and the rights; the watch goes on when the folder can be read.',
        });
  }
}

/** The size and time of a file; a change of either is a change of the file. */
export async function stampOf(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  return `${size} ${mtimeMs}`;
}

function withConfigurations(files: readonly SeenFile[]): SeenDataFile[] {
  const configurations = new Map<string, SeenFile[]>();
  const dataFiles: SeenFile[] = [];
  for (const file of files) {
    const key = file.path.toLowerCase();
    if (key.endsWith(CONFIGURATION)) configurations.set(key, [...(configurations.get(key) ?? []), file]);
    else dataFiles.push(file);
  }
  return dataFiles.map((file) => ({
    ...file,
    configurations: configurationNames(file.path.toLowerCase()).flatMap(
      (path) => configurations.get(path) ?? [],
    ),
  }));
}
