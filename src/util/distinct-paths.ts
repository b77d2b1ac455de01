import { tallyOf } from './tally.js';

/**
 * Returns the shortest end of each path that tells it from the others: `pk.csv`, or `site-1/pk.csv` and `site-2/pk.csv`. Equal paths
 * stay equal. URLs count as paths.
 */
export function distinctPaths(paths: readonly string[]): string[] {
  const all = [...new Set(paths)].map((path) => ({ path, parts: path.split(/[/\\]+/).filter(Boolean) }));
  const short = new Map<string, string>();
  let rest = all;
  for (let length = 1; rest.length > 0; length++) {
    const ends = tallyOf(all.map(({ parts }) => endOf(parts, length)));
    rest = rest.filter(({ path, parts }) => {
      const end = endOf(parts, length);
      const isWhole = length >= parts.length;
      if (!isWhole && (ends.get(end) ?? 0) > 1) return true;
      short.set(path, isWhole && (ends.get(end) ?? 0) > 1 ? path : end);
      return false;
    });
  }
  return paths.map((path) => short.get(path) ?? path);
}

const endOf = (parts: readonly string[], length: number) => parts.slice(-length).join('/');
