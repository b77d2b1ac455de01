import { stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { isDynamicPattern } from 'tinyglobby';
import { FILE_TYPES } from '../../contract/names.js';
import { filesIn, filesMatching } from '../../files/walk.js';
import { isUrl } from '../../util/is-url.js';
import { BadInputError } from '../output/errors.js';

/**
 * Lists the files that the arguments name. An argument is a URL, a file, a folder (all data files in it and its
 * subfolders) or a glob. Each file is listed once; files of a folder or a glob are sorted by name.
 *
 * @throws BadInputError naming each folder and glob without files
 */
export async function filesFrom(locations: readonly string[]): Promise<string[]> {
  const files = new Map<string, string>();
  const problems: string[] = [];
  for (const location of locations) {
    const result = await expand(location);
    if (typeof result === 'string') problems.push(result);
    else for (const file of result) files.set(isUrl(file) ? file : resolve(file), file);
  }
  if (problems.length > 0) throw new BadInputError(problems);
  return [...files.values()];
}

/** Returns the files, or the problem as a sentence. A path that does not exist is returned for a later check. */
async function expand(location: string): Promise<string[] | string> {
  if (isUrl(location)) return [location];
  const status = await stat(location).catch(() => undefined);
  if (status?.isDirectory()) {
    const files = sorted(await filesIn(location, FILE_TYPES));
    return files.length > 0
      ? files
      : `FILE_NOT_FOUND: The folder ${JSON.stringify(location)} contains no data files. Check the path; Aplos NCA accepts ${FILE_TYPES.join(', ')}.`;
  }
  if (status || !isDynamicPattern(location)) return [location];
  const files = sorted(await filesMatching(location));
  return files.length > 0
    ? files
    : `FILE_NOT_FOUND: No file matches ${JSON.stringify(location)}. Check the pattern.`;
}

const sorted = (files: readonly string[]): string[] =>
  files.map((file) => relative('.', file)).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
