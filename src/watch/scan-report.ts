import { basename, sep } from 'node:path';
import type { Scan } from './folder.js';
import type { WatchReporter } from './reporter.js';

/**
 * Reports what a scan could not see and what it left out, each once.
 *
 * @param shown returns a path for messages
 */
export function reportScan(
  { dataFiles, unreadable, repeats }: Scan,
  reporter: WatchReporter,
  shown: (path: string) => string,
): void {
  const unused = dataFiles.flatMap((file) => file.unused.map(({ path }) => ({ path, file })));
  const listed = [...dataFiles, ...repeats, ...unused].map(({ path }) => path);
  const existing = new Set([...listed, ...unreadable.keys()]);
  const unlisted = [...unreadable.keys()].map((folder) => folder + sep);
  reporter.forgetMissing((path) => existing.has(path) || unlisted.some((folder) => path.startsWith(folder)));
  for (const [path, error] of unreadable)
    reporter.reportOnce(path, { event: 'problem', file: shown(path), error });
  for (const { path, sameAs } of repeats)
    reporter.reportOnce(path, {
      event: 'ignored',
      file: shown(path),
      reason: 'same-file',
      sameAs: shown(sameAs),
    });
  for (const { path, file } of unused)
    reporter.reportOnce(path, {
      event: 'ignored',
      file: shown(path),
      reason: 'similar-configuration',
      used: basename(file.configurations[0]?.path ?? ''),
      dataFile: basename(file.path),
    });
}
