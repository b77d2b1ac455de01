import { readdir, realpath, stat } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { UploadError } from '../contract/errors.js';
import { quote } from '../util/quote.js';

/** What distinguishes a mounted folder from the empty folder that remains when its share is unmounted. */
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
  if (before.mountPoint !== now.mountPoint && isIn(now.mountPoint, before.mountPoint))
    throw new UploadError(
      'FOLDER_UNAVAILABLE',
      `The folder ${quote(folder)} was on the share mounted at ${quote(before.mountPoint)}, which is not mounted`,
      {
        action:
          'Mount the share. The watch resumes once it is mounted. If the folder was moved to this disk on purpose, watch it with another --state: what Temporal or Aplos knows is not started again.',
      },
    );
  if (before.inode !== now.inode && (await readdir(folder)).length === 0)
    throw new UploadError(
      'FOLDER_UNAVAILABLE',
      `The folder ${quote(folder)} is empty, and is not the one that was watched before`,
      { action: 'Mount the share if it is on one. The watch resumes once the folder has files.' },
    );
}

const isIn = (folder: string, path: string) => !relative(folder, path).startsWith('..');
