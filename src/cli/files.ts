import { stat } from 'node:fs/promises';
import { basename, relative, resolve } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { FILE_TYPES } from '../contract/names.js';
import { BadInputError } from './exit.js';

const BELOW_A_FOLDER = `**/*.{${FILE_TYPES.map((ending) => ending.slice(1)).join(',')}}`;
/** What spreadsheets leave beside a file that is open. */
const LOCK_FILE = /^~\$/;

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
    const found = await matching(BELOW_A_FOLDER, place);
    return found.length > 0
      ? found
      : `FILE_NOT_FOUND: The folder ${JSON.stringify(place)} holds no file that Aplos NCA takes: ${FILE_TYPES.join(', ')}`;
  }
  if (status || !isDynamicPattern(place)) return [place];
  const found = await matching(place, '.');
  return found.length > 0
    ? found
    : `FILE_NOT_FOUND: No file fits ${JSON.stringify(place)}. Check the pattern.`;
}

async function matching(pattern: string, folder: string): Promise<string[]> {
  const found = await glob(pattern, {
    cwd: folder,
    absolute: true,
    caseSensitiveMatch: false,
    expandDirectories: false,
  });
  return found
    .filter((file) => !LOCK_FILE.test(basename(file)))
    .map((file) => relative('.', file))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}
