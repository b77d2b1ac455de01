import { link, lstat, open, rename, stat } from 'node:fs/promises';
import { systemErrorCode } from '../util/system-error.js';

/** Errors of file systems without hard links. */
const WITHOUT_LINKS: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/**
 * Gives a complete file its name. A hard link is never created over another file. Without hard links, a file that appears at this
 * moment is replaced.
 *
 * @returns `false` if the name is taken
 */
export async function linkOrRename(temporaryPath: string, path: string): Promise<boolean> {
  try {
    await link(temporaryPath, path);
    return true;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EEXIST') return false;
    if (!WITHOUT_LINKS.includes(code)) throw error;
  }
  if (await lstat(path).catch(() => undefined)) return false;
  await rename(temporaryPath, path);
  return true;
}

/** Makes new names in a directory survive a power failure. Not all file systems support this. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close().catch(() => {});
}

/** A temporary file that has not been touched for this long belongs to nobody any more. */
const STALE_AFTER_MS = 60 * 60_000;

/** Reports whether a temporary file or directory was left behind. */
export async function isStale(path: string): Promise<boolean> {
  const { mtimeMs = Date.now() } = (await stat(path).catch(() => undefined)) ?? {};
  return Date.now() - mtimeMs > STALE_AFTER_MS;
}

const MEANINGS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  EFBIG: 'the file is larger than the system allows',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  ENOENT: 'it does not exist',
  ENAMETOOLONG: 'the name is too long',
};

/** Returns an error of the system for people: its code and, if it is a common one, its meaning. */
export function systemReason(error: unknown): string {
  const code = systemErrorCode(error);
  const meaning = MEANINGS[code];
  return meaning === undefined ? code : `${meaning}, ${code}`;
}
