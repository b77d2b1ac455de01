import { isUtf8 } from 'node:buffer';
import type { BigIntStats, Dirent } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemErrorCode } from '../util/system-error.js';

/** A name in a folder. */
export interface ListedName {
  /** The name, in which U+FFFD replaces bytes that are not UTF-8. */
  readonly name: string;
  /** The bytes of the name, if they are not UTF-8: the file cannot be named in a request. */
  readonly invalidBytes?: Buffer;
  /** `other` is a device, socket or pipe; `unknown` if it is listed and nothing else can be found out about it. */
  readonly kind: 'file' | 'folder' | 'link' | 'other' | 'unknown';
}

/** Lists a folder, in no particular order. Throws the system's error. */
export async function listFolder(folder: string): Promise<ListedName[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' });
    return entries.map((entry) => ({ ...decode(entry.name), kind: kindOf(entry) }));
  } catch (error) {
    // The file system does not list kinds, and a name was removed before Node.js could ask for its kind.
    if (!isErrorOf(error, 'lstat')) throw error;
    return listOneByOne(folder);
  }
}

async function listOneByOne(folder: string): Promise<ListedName[]> {
  const names = (await readdir(folder, { encoding: 'buffer' })).map(decode);
  const listed = await Promise.all(
    names.map(async (each) => {
      const stats = await whileListed(join(folder, each.name), (path) => lstat(path)).catch(
        () => 'unknown' as const,
      );
      if (stats === undefined) return [];
      return [{ ...each, kind: stats === 'unknown' ? stats : kindOf(stats) }];
    }),
  );
  return listed.flat();
}

/**
 * Returns the size, times and identity of a file, links followed.
 *
 * @returns `undefined` if the file is gone: its folder does not list it any more
 * @throws the system's error if the file is listed, but nothing can be found out about it
 */
export const statListed = (path: string): Promise<BigIntStats | undefined> =>
  whileListed(path, (each) => stat(each, { bigint: true }));

/** Pause before the second look at a name that is listed and does not exist, for example while it is replaced. */
const RECHECK_MS = 20;

/** Calls a function until it returns, fails other than for a missing file, or the path is not listed any more. */
export async function whileListed<Result>(
  path: string,
  call: (path: string) => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await call(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
    if (!(await isListed(path))) return undefined;
  }
  await sleep(RECHECK_MS);
  try {
    return await call(path);
  } catch (error) {
    if (!isMissing(error) || (await isListed(path))) throw error;
    return undefined;
  }
}

/** Reports whether its folder lists a path. Throws the system's error if the folder cannot be listed. */
export async function isListed(path: string): Promise<boolean> {
  try {
    return (await readdir(dirname(path))).includes(basename(path));
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Reports whether an error says that a path does not exist. */
export const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error));

const isErrorOf = (error: unknown, syscall: string): boolean =>
  error instanceof Error && 'syscall' in error && error.syscall === syscall;

const decode = (bytes: Buffer): Omit<ListedName, 'kind'> => ({
  name: bytes.toString('utf8'),
  ...(isUtf8(bytes) ? {} : { invalidBytes: bytes }),
});

type Kinds = Pick<Dirent<Buffer>, 'isFile' | 'isDirectory' | 'isSymbolicLink'>;

function kindOf(entry: Kinds): ListedName['kind'] {
  if (entry.isSymbolicLink()) return 'link';
  if (entry.isDirectory()) return 'folder';
  return entry.isFile() ? 'file' : 'other';
}
