import { findFiles } from '../../client/find-files.js';
import { quote } from '../../util/quote.js';
import { count } from '../../util/units.js';
import { BadInputError, formatError, printNote, printSkipped, SKIP_HINT } from '../output/errors.js';

/**
 * Lists the files that the arguments name: URLs, files, folders and globs. Each file is listed once; files of a folder or a
 * glob are sorted by name. Reports links to files that are listed under another path.
 *
 * @throws BadInputError naming each folder and glob without files, and, unless they are to be skipped, everything that
 * could not be seen
 */
export async function filesFrom(
  locations: readonly string[],
  { skipUnreadable = false }: { readonly skipUnreadable?: boolean } = {},
): Promise<string[]> {
  const { files, unreadable, empty, repeats } = await findFiles(locations);
  const problems = [...(skipUnreadable ? [] : unreadable), ...empty].map(formatError);
  if (problems.length > 0)
    throw new BadInputError(problems, unreadable.length > 0 && !skipUnreadable ? SKIP_HINT : undefined);
  for (const error of unreadable) printSkipped(formatError(error));
  const [first] = repeats;
  if (first)
    printNote(
      `Left out ${count(repeats.length, 'path')} to files and folders that are included under another path, e.g. ${quote(first.path)}, the same as ${quote(first.sameAs)}`,
    );
  return [...files];
}
