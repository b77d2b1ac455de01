import { type Entry, getFileNameLowLevel, validateFileName } from 'yauzl';
import { quote } from '../util/quote.js';
import { shortenText } from '../util/shorten-text.js';

/** Size of the fixed part of a local file header, in bytes (source: APPNOTE.TXT, 4.3.7). */
const LOCAL_HEADER_BYTES = 30;
/** File types in the external attributes of Unix: none, a regular file, a directory. */
const PLAIN_TYPES: readonly number[] = [0, 0o100000, 0o040000];
const TYPE_MASK = 0o170000;

/** Returns the path of an entry without `.` and empty segments. That of a directory ends in a slash. */
export function nameOf(entry: Entry): string {
  const raw = rawNameOf(entry);
  const segments = raw.split('/').filter((each) => each !== '' && each !== '.');
  return segments.join('/') + (raw.endsWith('/') ? '/' : '');
}

const rawNameOf = ({ generalPurposeBitFlag, fileNameRaw, extraFields }: Entry) =>
  getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, true);

/**
 * Returns why a package must not be unpacked, following its name. `undefined` if nothing speaks against it.
 *
 * @param foldsCase whether names that differ only in case clash, too
 */
export function findUnsafe(entries: readonly Entry[], foldsCase: boolean): string | undefined {
  for (const entry of entries) {
    const problem = findProblem(entry);
    if (problem !== undefined) return `${problem}: ${quote(shortenText(rawNameOf(entry)))}`;
  }
  return findOverlap(entries) ?? findClash(entries.map(nameOf), foldsCase);
}

function findProblem(entry: Entry): string | undefined {
  const raw = rawNameOf(entry);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are among them
  if (validateFileName(raw) !== null || /[\u0000-\u001f\u007f]/.test(raw) || /^\/?$/.test(nameOf(entry)))
    return 'has a path that leads out of it or is not a path';
  const type = (entry.externalFileAttributes >>> 16) & TYPE_MASK;
  return PLAIN_TYPES.includes(type) ? undefined : 'has a link or a special file';
}

/** Files that share their data are a known way to make a small package unpack to a huge one. */
function findOverlap(entries: readonly Entry[]): string | undefined {
  let end = 0;
  for (const entry of [...entries].sort(
    (one, other) => one.relativeOffsetOfLocalHeader - other.relativeOffsetOfLocalHeader,
  )) {
    const { relativeOffsetOfLocalHeader: start, fileNameLength, compressedSize } = entry;
    if (start < end) return 'has files that share the same data';
    end = start + LOCAL_HEADER_BYTES + fileNameLength + compressedSize;
  }
  return undefined;
}

function findClash(names: readonly string[], foldsCase: boolean): string | undefined {
  const key = (name: string) => (foldsCase ? name.normalize('NFC').toLowerCase() : name);
  const files = new Set<string>();
  for (const name of names) {
    if (name.endsWith('/')) continue;
    if (files.has(key(name))) return `has two files of the same name: ${quote(shortenText(name))}`;
    files.add(key(name));
  }
  for (const name of names)
    for (let end = name.indexOf('/'); end >= 0; end = name.indexOf('/', end + 1))
      if (files.has(key(name.slice(0, end))))
        return `has a file and a directory of the same name: ${quote(shortenText(name.slice(0, end)))}`;
  return undefined;
}
