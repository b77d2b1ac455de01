import { type Dirent, readdir } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, relative, resolve } from 'node:path';
import { type GlobOptions, glob, isDynamicPattern } from 'tinyglobby';
import { FILE_TYPES } from '../../contract/names.js';
import { systemErrorCode } from '../../util/system-error.js';
import { BadInputError } from '../output/errors.js';

/** What spreadsheets leave beside a file that is open. */
const LOCK_FILE = /^~\$/;
/** Folders in which a share keeps what was deleted or how it was before, and a browser what is not complete. */
const NOT_LOOKED_INTO = [
  ...['$RECYCLE.BIN', '#recycle', '@Recycle', '@eaDir', '~snapshot', '#snapshot', '@snapshots'],
  ...['System Volume Information', 'lost+found', '*.download'],
].map((name) => `**/${name.replaceAll(/[$#@+]/g, '\\$&')}/**`);

/** Whether a place is a URL, e.g. `s3://bucket/pk.csv`, and not a path. */
export const isUrl = (place: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(place);

/**
 * The files that arguments name: a URL, a file, a folder (all data files below it, hidden ones aside), or a glob. Each
 * once, and those of a folder or a glob in the order of their names.
 *
 * @throws BadInputError with each folder or glob that holds nothing
 */
export async function filesAt(places: readonly string[]): Promise<string[]> {
  const files = new Map<string, string>();
  const problems: string[] = [];
  for (const place of places) {
    const found = await expand(place);
    if (typeof found === 'string') problems.push(found);
    else for (const file of found) files.set(isUrl(file) ? file : resolve(file), file);
  }
  if (problems.length > 0) throw new BadInputError(problems);
  return [...files.values()];
}

async function expand(place: string): Promise<string[] | string> {
  if (isUrl(place)) return [place];
  const status = await stat(place).catch(() => undefined);
  if (status?.isDirectory()) {
    const found = inOrder(await filesBelow(place, FILE_TYPES));
    return found.length > 0
      ? found
      : `FILE_NOT_FOUND: The folder ${JSON.stringify(place)} holds no file that Aplos NCA takes: ${FILE_TYPES.join(', ')}`;
  }
  if (status || !isDynamicPattern(place)) return [place];
  const found = inOrder(await matching(place, { cwd: '.' }));
  return found.length > 0
    ? found
    : `FILE_NOT_FOUND: No file fits ${JSON.stringify(place)}. Check the pattern.`;
}

/**
 * The files below a folder whose names end so, in whichever case: absolute, in no order. Hidden ones and lock files
 * aside, and what lies in recycle bins and snapshots.
 *
 * @param endings with their dots
 * @param onUnreadable told of each folder that cannot be read, and why. Default: it is passed over
 */
export function filesBelow(
  folder: string,
  endings: readonly string[],
  onUnreadable: (folder: string, code: string) => void = () => {},
): Promise<string[]> {
  const list = (path: string, options: { withFileTypes: true }, done: ListedCallback) =>
    readdir(path, options, (error, entries) => {
      if (error) onUnreadable(resolve(path), systemErrorCode(error));
      done(error, entries);
    });
  const pattern = `**/*.{${endings.map((ending) => ending.slice(1)).join(',')}}`;
  return matching(pattern, { cwd: folder, ignore: NOT_LOOKED_INTO, fs: { readdir: list as typeof readdir } });
}

type ListedCallback = (error: NodeJS.ErrnoException | null, entries: Dirent[]) => void;

async function matching(pattern: string, options: GlobOptions): Promise<string[]> {
  const found = await glob(pattern, {
    absolute: true,
    caseSensitiveMatch: false,
    expandDirectories: false,
    ...options,
  });
  return found.filter((file) => !LOCK_FILE.test(basename(file)));
}

const inOrder = (files: readonly string[]): string[] =>
  files.map((file) => relative('.', file)).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
