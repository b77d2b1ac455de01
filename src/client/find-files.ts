import { realpath, stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { UploadError } from '../contract/errors.js';
import { FILE_TYPES } from '../contract/names.js';
import { filesIn, filesMatching, isGlob } from '../files/data-files.js';
import type { Repeat, Walk, WalkedFile } from '../files/walk.js';
import { isUrl } from '../util/is-url.js';
import { quote } from '../util/quote.js';

export type { Repeat } from '../files/walk.js';

/** Result of {@link findFiles}. */
export interface FoundFiles {
  /** Paths relative to the working directory, and URLs. */
  readonly files: readonly string[];
  /**
   * Everything that could not be seen: folders that cannot be listed, links to nowhere, and names that are not UTF-8. The
   * list of files is complete only if this is empty.
   */
  readonly unreadable: readonly UploadError[];
  /** Folders and globs without files. */
  readonly empty: readonly UploadError[];
  /** Links to files and folders that the list has under another path. */
  readonly repeats: readonly Repeat[];
}

/**
 * Lists the data files that locations name. A location is a URL, a file, a folder (all data files in it and its
 * subfolders) or a glob. Files are listed in the order of the locations, those of a folder or a glob by name. Links are
 * followed, and a folder or file that a folder or a glob leads to twice is listed once. A file that is named itself is
 * always listed; whether it exists is not checked.
 */
export async function findFiles(locations: readonly string[]): Promise<FoundFiles> {
  const files = new Map<string, string>();
  const unreadable: UploadError[] = [];
  const empty: UploadError[] = [];
  const repeats: Repeat[] = [];
  const expanded = await Promise.all(
    [...new Set(locations)].map(async (location) => ({ location, walk: await expand(location) })),
  );
  /** Paths by real path. */
  const taken = new Map<string, string>();
  for (const { location, walk } of expanded)
    if (!walk) taken.set(await realPathOf(location), absolute(location));
  for (const { location, walk } of expanded) {
    if (!walk) {
      files.set(absolute(location), location);
      continue;
    }
    unreadable.push(...walk.problems.map(({ error }) => error));
    repeats.push(...walk.repeats);
    if (walk.files.length + walk.problems.length === 0) empty.push(nothingIn(location, walk.isFolder));
    for (const { path, realPath } of sorted(walk.files)) {
      const sameAs = taken.get(realPath) ?? path;
      taken.set(realPath, sameAs);
      if (sameAs !== path) repeats.push({ path, sameAs });
      else if (!files.has(path)) files.set(path, relative('.', path));
    }
  }
  return { files: [...files.values()], unreadable, empty, repeats };
}

/** Returns what is below a folder or matches a glob; `undefined` for a file or a URL. */
async function expand(location: string): Promise<(Walk & { readonly isFolder: boolean }) | undefined> {
  if (isUrl(location)) return undefined;
  const status = await stat(location).catch(() => undefined);
  if (status?.isDirectory()) return { ...(await filesIn(location, FILE_TYPES)), isFolder: true };
  if (status || !isGlob(location)) return undefined;
  return { ...(await filesMatching(location)), isFolder: false };
}

const absolute = (location: string) => (isUrl(location) ? location : resolve(location));

const realPathOf = (location: string) =>
  isUrl(location) ? location : realpath(location).catch(() => resolve(location));

const nothingIn = (location: string, isFolder: boolean): UploadError =>
  isFolder
    ? new UploadError('FILE_NOT_FOUND', `The folder ${quote(location)} contains no data files`, {
        action: `Check the path; Aplos NCA accepts ${FILE_TYPES.join(', ')}.`,
      })
    : new UploadError('FILE_NOT_FOUND', `No file matches ${quote(location)}`, {
        action: 'Check the pattern.',
      });

const sorted = (files: readonly WalkedFile[]): WalkedFile[] =>
  [...files].sort((a, b) =>
    relative('.', a.path).localeCompare(relative('.', b.path), 'en', { numeric: true }),
  );
