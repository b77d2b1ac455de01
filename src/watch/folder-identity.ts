import { readdir, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import pMap from 'p-map';
import { UploadError } from '../contract/errors.js';
import { isBelow } from '../files/roots.js';
import type { WalkedFile } from '../files/walk.js';
import { quote } from '../util/quote.js';

const STAT_CONCURRENCY = 32;
const OTHER_DISK_ACTION =
  'Mount the share. The watch resumes once it is mounted. If the folder was moved to this disk on purpose, watch it with another --state: what Temporal or Aplos knows is not started again.';

/** Identity that distinguishes a mounted folder from the empty folder that remains when its share is unmounted. */
export interface FolderIdentity {
  /** Topmost folder of the file system that contains the folder: the mount point, if it is on a mounted share. */
  readonly mountPoint: string;
  /** Inode number of the folder, in decimal. Device numbers are not part: those of network shares change at each mount. */
  readonly inode: string;
}

/** Returns the identity of a folder. Throws the system's error. */
export async function folderIdentity(folder: string): Promise<FolderIdentity> {
  const real = await realpath(folder);
  const { dev, ino } = await stat(real, { bigint: true });
  let mountPoint = real;
  while (true) {
    const parent = dirname(mountPoint);
    if (parent === mountPoint || (await stat(parent, { bigint: true })).dev !== dev) break;
    mountPoint = parent;
  }
  return { mountPoint, inode: String(ino) };
}

/** Returns the folders at which another file system begins: those at which a share is mounted. */
export async function mountPointsAmong(folders: readonly WalkedFile[]): Promise<WalkedFile[]> {
  const devices = new Map<string, Promise<bigint | undefined>>();
  const deviceOf = (path: string) => {
    const device =
      devices.get(path) ??
      stat(path, { bigint: true })
        .then(({ dev }) => dev)
        .catch(() => undefined);
    devices.set(path, device);
    return device;
  };
  const isMountPoint = async ({ realPath }: WalkedFile) => {
    const [own, parent] = await Promise.all([deviceOf(realPath), deviceOf(dirname(realPath))]);
    return own !== undefined && parent !== undefined && own !== parent;
  };
  const found = await pMap(folders, isMountPoint, { concurrency: STAT_CONCURRENCY });
  return folders.filter((_, index) => found[index]);
}

/** Returns the error of a subfolder whose share is not mounted any more. */
export const unmountedSubfolder = (folder: string): UploadError =>
  new UploadError('FOLDER_UNAVAILABLE', `The share that was mounted at ${quote(folder)} is not mounted`, {
    action: OTHER_DISK_ACTION,
  });

/**
 * Checks that a folder is not the empty mount point of the share that was watched before.
 *
 * @throws UploadError `FOLDER_UNAVAILABLE`
 */
export async function assertStillMounted(
  folder: string,
  before: FolderIdentity | undefined,
  now: FolderIdentity,
): Promise<void> {
  if (!before) return;
  if (before.mountPoint !== now.mountPoint && isBelow(now.mountPoint, before.mountPoint))
    throw new UploadError(
      'FOLDER_UNAVAILABLE',
      `The folder ${quote(folder)} was on the share mounted at ${quote(before.mountPoint)}, which is not mounted`,
      {
        action: OTHER_DISK_ACTION,
      },
    );
  if (before.inode !== now.inode && (await readdir(folder)).length === 0)
    throw new UploadError(
      'FOLDER_UNAVAILABLE',
      `The folder ${quote(folder)} is empty, and is not the one that was watched before`,
      { action: 'Mount the share if it is on one. The watch resumes once the folder has files.' },
    );
}
