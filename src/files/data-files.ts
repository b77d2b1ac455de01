import picomatch from 'picomatch';
import { isMissing } from './listing.js';
import { type Walk, type WalkScope, walk } from './walk.js';
import { paddedName } from './walk-problems.js';

/** Lock files that spreadsheet programs create next to an open file. */
const LOCK_FILE = /^~\$/;
/** Recycle bins, snapshots and metadata of network shares, and folders of incomplete browser downloads. */
const SKIPPED_FOLDERS = new Set(
  [
    ...['$RECYCLE.BIN', '#recycle', '@Recycle', '@eaDir', '~snapshot', '#snapshot', '@snapshots'],
    ...['System Volume Information', 'lost+found'],
  ].map((name) => name.toLowerCase()),
);
const DOWNLOAD = /\.download$/i;

/**
 * Lists the files in a folder and its subfolders that have one of the extensions, in upper or lower case. Skips hidden
 * files, lock files, recycle bins and snapshots.
 *
 * @param extensions with their dots
 * @param repeated extensions of files that are listed under each of their links
 */
export async function filesIn(
  folder: string,
  extensions: readonly string[],
  repeated: readonly string[] = [],
): Promise<Walk> {
  const hasOne = (path: string, ofThese: readonly string[]) =>
    ofThese.some((extension) => path.toLowerCase().trimEnd().endsWith(extension));
  const found = await walk(folder, {
    wants: (path) => isVisible(path) && hasOne(path, extensions),
    enters: (path) => isVisible(path) && !isSkippedFolder(path),
    repeats: (path) => hasOne(path, repeated),
  });
  const isPadded = ({ path }: { readonly path: string }) => path !== path.trimEnd();
  const padded = found.files.filter(isPadded).map(({ path }) => paddedName(path));
  return {
    ...found,
    files: found.files.filter((file) => !isPadded(file)),
    problems: [...found.problems, ...padded],
  };
}

/** Reports whether a text is a glob. */
export const isGlob = (text: string): boolean => picomatch.scan(text).isGlob;

/** Lists the files that match a glob, in upper or lower case. Skips hidden files, lock files, recycle bins and snapshots. */
export async function filesMatching(pattern: string): Promise<Walk> {
  const { base, glob } = picomatch.scan(pattern);
  const folder = base.replaceAll(/\\([()[\]{}!*+?@|\\])/g, '$1') || '.';
  const found = await walk(folder, scopeOf(glob));
  const isNothingThere = (error: unknown) => error instanceof Error && isMissing(error.cause);
  return found.files.length === 0 && found.problems.length === 1 && isNothingThere(found.problems[0]?.error)
    ? { ...found, problems: [] }
    : found;
}

function scopeOf(glob: string): WalkScope {
  const options = { nocase: true };
  const { parts = [] } = picomatch.scan(glob, { parts: true }) as { parts?: string[] };
  const segments = (parts.length > 0 ? parts : [glob]).map((part) => ({
    part,
    matches: picomatch(part, options),
  }));
  const matches = picomatch(glob, options);
  return {
    wants: (path) => !LOCK_FILE.test(nameOf(path)) && matches(path),
    enters: (path) => {
      if (isSkippedFolder(path)) return false;
      const names = path.split('/');
      for (const [index, name] of names.entries()) {
        const segment = segments[index];
        if (!segment) return false;
        if (segment.part === '**') return isVisible(path);
        if (segment.part.includes('/')) return true;
        if (!segment.matches(name)) return false;
      }
      return names.length < segments.length;
    },
  };
}

const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);

/** Reports whether the last name of a path is neither hidden nor that of a lock file. The walk has entered the folders before. */
const isVisible = (path: string) => !nameOf(path).startsWith('.') && !LOCK_FILE.test(nameOf(path));

const isSkippedFolder = (path: string) =>
  SKIPPED_FOLDERS.has(nameOf(path).toLowerCase()) || DOWNLOAD.test(nameOf(path));
