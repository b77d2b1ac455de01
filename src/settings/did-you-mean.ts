import { closest, distance } from 'fastest-levenshtein';

/** Returns the known name that an unknown one was probably meant to be, in parentheses, or else all known names. */
export function didYouMean(name: string, known: readonly string[]): string {
  const nearest = known.find((each) => each.startsWith(name)) ?? closest(name, known);
  return nearest.startsWith(name) || distance(name, nearest) <= Math.max(name.length, nearest.length) / 2
    ? `(did you mean ${nearest}?)`
    : `(known keys: ${known.join(', ')})`;
}
