import { stat } from 'node:fs/promises';
import pMap from 'p-map';
import { UploadError } from '../contract/errors.js';
import { FILE_TYPES } from '../contract/names.js';
import { filesIn } from '../files/walk.js';
import { quote } from '../util/quote.js';
import { systemErrorCode } from '../util/system-error.js';
import { CONFIGURATION_EXTENSION, configurationNames } from './configuration.js';

const STAT_CONCURRENCY = 32;

/** A file as the last scan found it. */
export interface ScannedFile {
  /** Absolute path. */
  readonly path: string;
  /** Size and mtime. */
  readonly stamp: string;
  /** True if size and mtime have been stable for the settle time. */
  readonly settled: boolean;
}

/** A data file and its configuration files. */
export interface ScannedDataFile extends ScannedFile {
  /** Configuration files next to the data file. More than one is ambiguous. */
  readonly configurations: readonly ScannedFile[];
}

/** Result of a scan. */
export interface Scan {
  readonly dataFiles: readonly ScannedDataFile[];
  /** Error codes of the files and folders that could not be read, by path. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/** A folder that is scanned repeatedly. Remembers since when each file has been stable, as long as the file exists. */
export class WatchedFolder {
  readonly #folder: string;
  readonly #settleMs: number;
  #stableSince = new Map<string, { readonly stamp: string; readonly sinceMs: number }>();

  /**
   * @param folder absolute path
   * @param settleMs time in milliseconds for which size and mtime must be stable
   */
  constructor(folder: string, settleMs: number) {
    this.#folder = folder;
    this.#settleMs = settleMs;
  }

  /**
   * Lists the folder and its subfolders, and reads the size and mtime of every data file and configuration file.
   *
   * @throws UploadError `FOLDER_UNAVAILABLE`
   */
  async scan(): Promise<Scan> {
    const unreadable = new Map<string, string>();
    const onUnreadable = (path: string, code: string) => unreadable.set(path, code);
    await this.#assertIsFolder();
    const paths = await filesIn(this.#folder, [...FILE_TYPES, CONFIGURATION_EXTENSION], onUnreadable);
    const ownCode = unreadable.get(this.#folder);
    if (ownCode) throw this.#unavailable(ownCode);
    const files = await this.#compareWithLastScan(paths, onUnreadable);
    return { dataFiles: withConfigurations(files), unreadable };
  }

  async #compareWithLastScan(
    paths: readonly string[],
    onUnreadable: (path: string, code: string) => void,
  ): Promise<ScannedFile[]> {
    const before = this.#stableSince;
    const after = new Map<string, { stamp: string; sinceMs: number }>();
    const files = await pMap(
      paths,
      async (path): Promise<ScannedFile[]> => {
        const stamp = await stampOf(path).catch((error: unknown) => {
          if (systemErrorCode(error) !== 'ENOENT') onUnreadable(path, systemErrorCode(error));
        });
        if (stamp === undefined) return [];
        const nowMs = performance.now();
        const last = before.get(path);
        const current = last?.stamp === stamp ? last : { stamp, sinceMs: nowMs };
        after.set(path, current);
        return [{ path, stamp, settled: last === current && nowMs - current.sinceMs >= this.#settleMs }];
      },
      { concurrency: STAT_CONCURRENCY },
    );
    this.#stableSince = after;
    return files.flat();
  }

  async #assertIsFolder(): Promise<void> {
    const status = await stat(this.#folder).catch((error: unknown) => {
      throw this.#unavailable(systemErrorCode(error));
    });
    if (!status.isDirectory()) throw this.#unavailable('ENOTDIR');
  }

  #unavailable(code: string): UploadError {
    return code === 'ENOENT'
      ? new UploadError('FOLDER_UNAVAILABLE', `The folder ${quote(this.#folder)} does not exist`, {
          action: 'Mount the share, or correct the path. The watch resumes once the folder exists.',
        })
      : new UploadError('FOLDER_UNAVAILABLE', `The folder ${quote(this.#folder)} cannot be read (${code})`, {
          action: 'Check the mount and the permissions. The watch resumes once the folder is readable.',
        });
  }
}

/** Returns the size and mtime of a file as one text. If either changes, the file has changed. */
export async function stampOf(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  return `${size} ${mtimeMs}`;
}

function withConfigurations(files: readonly ScannedFile[]): ScannedDataFile[] {
  const configurations = new Map<string, ScannedFile[]>();
  const dataFiles: ScannedFile[] = [];
  for (const file of files) {
    const key = file.path.toLowerCase();
    if (key.endsWith(CONFIGURATION_EXTENSION))
      configurations.set(key, [...(configurations.get(key) ?? []), file]);
    else dataFiles.push(file);
  }
  return dataFiles.map((file) => ({
    ...file,
    configurations: configurationNames(file.path.toLowerCase()).flatMap(
      (path) => configurations.get(path) ?? [],
    ),
  }));
}
