import { type Dirent, readdir } from 'node:fs';
import { basename, resolve } from 'node:path';
import { type GlobOptions, glob } from 'tinyglobby';
import { systemErrorCode } from '../util/system-error.js';

/** Lock files that spreadsheet programs create next to an open file. */
const LOCK_FILE = /^~\$/;
/** Recycle bins, snapshots and metadata of network shares, and folders of incomplete browser downloads. */
const SKIPPED_FOLDERS = [
  ...['$RECYCLE.BIN', '#recycle', '@Recycle', '@eaDir', '~snapshot', '#snapshot', '@snapshots'],
  ...['System Volume Information', 'lost+found', '*.download'],
].map((name) => `**/${name.replaceAll(/[$#@+]/g, '\\$&')}/**`);

/**
 * Lists the files in a folder and its subfolders that have one of the extensions, in upper or lower case. Skips hidden
 * files, lock files, recycle bins and snapshots. The paths are absolute and unsorted.
 *
 * @param extensions with their dots
 * @param onUnreadable called for each folder that cannot be read. Default: such folders are skipped
 */
export function filesIn(
  folder: string,
  extensions: readonly string[],
  onUnreadable: (folder: string, code: string) => void = () => {},
): Promise<string[]> {
  const list = (path: string, options: { withFileTypes: true }, done: ReaddirCallback) =>
    readdir(path, options, (error, entries) => {
      if (error) onUnreadable(resolve(path), systemErrorCode(error));
      done(error, entries);
    });
  const pattern = `**/*.{${extensions.map((extension) => extension.slice(1)).join(',')}}`;
  return match(pattern, { cwd: folder, ignore: SKIPPED_FOLDERS, fs: { readdir: list as typeof readdir } });
}

/** Lists the files that match a glob, hidden files and lock files excluded. The paths are absolute and unsorted. */
export const filesMatching = (pattern: string): Promise<string[]> => match(pattern, { cwd: '.' });

type ReaddirCallback = (error: NodeJS.ErrnoException | null, entries: Dirent[]) => void;

async function match(pattern: string, options: GlobOptions): Promise<string[]> {
  const files = await glob(pattern, {
    absolute: true,
    caseSensitiveMatch: false,
    expandDirectories: false,
    ...options,
  });
  return files.filter((file) => !LOCK_FILE.test(basename(file)));
}
