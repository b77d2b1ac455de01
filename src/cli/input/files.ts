import { findFiles } from '../../client/find-files.js';
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
      `${count(repeats.length, 'link')} not followed, because each leads to a file or folder that is included already: ${JSON.stringify(first.path)} is ${JSON.stringify(first.sameAs)}${repeats.length > 1 ? ' …' : ''}`,
    );
  return [...files];
}
