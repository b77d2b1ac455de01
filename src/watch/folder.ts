import type { BigIntStats } from 'node:fs';
import { sep } from 'node:path';
import pMap from 'p-map';
import { UploadError } from '../contract/errors.js';
import { FILE_TYPES } from '../contract/names.js';
import { filesIn } from '../files/data-files.js';
import { statListed } from '../files/listing.js';
import type { Repeat } from '../files/walk.js';
import { unreadableFile } from '../files/walk-problems.js';
import { quote } from '../util/quote.js';
import { systemErrorCode } from '../util/system-error.js';
import { CONFIGURATION_EXTENSION, ConfigurationMatcher } from './configuration-match.js';
import {
  assertStillMounted,
  type FolderIdentity,
  folderIdentity,
  mountPointsAmong,
  unmountedSubfolder,
} from './folder-identity.js';

const STAT_CONCURRENCY = 32;
/** A file is reported that has not settled for this multiple of the settle time, and for ten minutes. */
const RESTLESS = 10;
const MIN_RESTLESS_MS = 10 * 60_000;

/** A file as the last scan found it. */
export interface ScannedFile {
  /** Absolute path. */
  readonly path: string;
  /** Version of the file. See {@link stampOf}. */
  readonly stamp: string;
  /** True if the file has been stable for the settle time. */
  readonly settled: boolean;
  /** True if the file has not settled for much longer than the settle time. */
  readonly isRestless: boolean;
}

/** A data file and its configuration files. */
export interface ScannedDataFile extends ScannedFile {
  /** Configuration files next to the data file. More than one is ambiguous. */
  readonly configurations: readonly ScannedFile[];
  /** Configuration files with a similar name that are not used. */
  readonly unused: readonly ScannedFile[];
}

/** Result of a scan. */
export interface Scan {
  readonly dataFiles: readonly ScannedDataFile[];
  /** Errors of the files and folders that could not be read, by path. */
  readonly unreadable: ReadonlyMap<string, UploadError>;
  /** Links to files and folders that the scan has under another path. */
  readonly repeats: readonly Repeat[];
  readonly identity: FolderIdentity;
  /** Subfolders at which a share is mounted. */
  readonly mountPoints: readonly string[];
}

interface SeenFile {
  readonly version: string;
  /** Since when the version is the same, by `performance.now()`. */
  readonly sinceMs: number;
  /** When the file had last settled, or appeared. */
  readonly unsettledSinceMs: number;
}

/** A folder that is scanned repeatedly. Remembers since when each file has been stable, as long as the file exists. */
export class WatchedFolder {
  readonly #folder: string;
  readonly #settleMs: number;
  #identity: FolderIdentity | undefined;
  readonly #mountPoints: Set<string>;
  #seen = new Map<string, SeenFile>();

  /**
   * @param folder absolute path
   * @param settleMs time in milliseconds for which a file must be stable
   * @param identity the folder as an earlier watch knew it
   * @param mountPoints its subfolders at which an earlier watch knew mounted shares
   */
  constructor(
    folder: string,
    settleMs: number,
    identity?: FolderIdentity,
    mountPoints: readonly string[] = [],
  ) {
    this.#folder = folder;
    this.#settleMs = settleMs;
    this.#identity = identity;
    this.#mountPoints = new Set(mountPoints);
  }

  /**
   * Lists the folder and its subfolders, and reads the version of every data file and configuration file.
   *
   * @throws UploadError `FOLDER_UNAVAILABLE`
   */
  async scan(): Promise<Scan> {
    const { files, folders, problems, repeats } = await filesIn(
      this.#folder,
      [...FILE_TYPES, CONFIGURATION_EXTENSION],
      [CONFIGURATION_EXTENSION],
    );
    const identity = await folderIdentity(this.#folder).catch((error: unknown) => {
      throw this.#unavailable(error);
    });
    const unreadable = new Map(problems.map(({ path, error }) => [path, error]));
    const own = unreadable.get(this.#folder);
    if (own) throw this.#unavailable(own.cause);
    await assertStillMounted(this.#folder, this.#identity, identity);
    this.#identity = identity;
    const subfolders = folders.filter(({ path }) => path !== this.#folder);
    const mountPoints = (await mountPointsAmong(subfolders)).map(({ path }) => path);
    for (const path of mountPoints) this.#mountPoints.add(path);
    const unmounted = subfolders.filter(
      ({ path }) => this.#mountPoints.has(path) && !mountPoints.includes(path),
    );
    for (const { path } of unmounted) unreadable.set(path, unmountedSubfolder(path));
    const paths = files.map(({ path }) => path);
    const mounted = paths.filter((file) => !unmounted.some(({ path }) => file.startsWith(path + sep)));
    const scanned = await this.#compareWithLastScan(mounted, unreadable);
    return { dataFiles: withConfigurations(scanned), unreadable, repeats, identity, mountPoints };
  }

  async #compareWithLastScan(
    paths: readonly string[],
    unreadable: Map<string, UploadError>,
  ): Promise<ScannedFile[]> {
    const before = this.#seen;
    const after: typeof before = new Map();
    const files = await pMap(
      paths,
      async (path): Promise<ScannedFile[]> => {
        const stats = await statListed(path).catch((error: unknown) => {
          unreadable.set(path, unreadableFile(path, error).error);
        });
        if (!stats) return [];
        const nowMs = performance.now();
        const stamp = stampOf(stats);
        const version = `${stamp} ${stats.dev}`;
        const last = before.get(path);
        const sinceMs = last?.version === version ? last.sinceMs : nowMs;
        const settled = last?.version === version && nowMs - sinceMs >= this.#settleMs;
        const unsettledSinceMs = settled ? nowMs : (last?.unsettledSinceMs ?? nowMs);
        after.set(path, { version, sinceMs, unsettledSinceMs });
        const isRestless = nowMs - unsettledSinceMs > Math.max(MIN_RESTLESS_MS, RESTLESS * this.#settleMs);
        return [{ path, stamp, settled, isRestless }];
      },
      { concurrency: STAT_CONCURRENCY },
    );
    this.#seen = after;
    return files.flat();
  }

  #unavailable(cause: unknown): UploadError {
    const code = systemErrorCode(cause);
    if (code === 'ENOTDIR')
      return new UploadError('FOLDER_UNAVAILABLE', `${quote(this.#folder)} is not a folder`, {
        action: 'Name a folder. The watch resumes once there is one at this path.',
      });
    return code === 'ENOENT'
      ? new UploadError('FOLDER_UNAVAILABLE', `The folder ${quote(this.#folder)} does not exist`, {
          action: 'Mount the share, or correct the path. The watch resumes once the folder exists.',
        })
      : new UploadError('FOLDER_UNAVAILABLE', `The folder ${quote(this.#folder)} cannot be read (${code})`, {
          action: 'Check the mount and the permissions. The watch resumes once the folder is readable.',
        });
  }
}

/**
 * Returns the version of a file as one text: size, mtime, ctime and inode number. Content that replaces other content has
 * another version even if size and mtime are copied, because no program can set the ctime. The device number is not part:
 * network shares get another one at each mount.
 */
export const stampOf = ({ size, mtimeNs, ctimeNs, ino }: BigIntStats): string =>
  `${size} ${mtimeNs} ${ctimeNs} ${ino}`;

/** Reports whether two versions have the same size and mtime: then a file was at most copied, moved or mounted again. */
export const haveSameSizeAndTime = (stamp: string, other: string): boolean =>
  sizeAndTimeOf(stamp) === sizeAndTimeOf(other);

const sizeAndTimeOf = (stamp: string) => stamp.split(' ').slice(0, 2).join(' ');

function withConfigurations(files: readonly ScannedFile[]): ScannedDataFile[] {
  const isConfiguration = ({ path }: ScannedFile) => path.toLowerCase().endsWith(CONFIGURATION_EXTENSION);
  const dataFiles = files.filter((file) => !isConfiguration(file));
  const matcher = new ConfigurationMatcher(dataFiles, files.filter(isConfiguration));
  return dataFiles.map((file) => ({ ...file, ...matcher.match(file.path) }));
}
