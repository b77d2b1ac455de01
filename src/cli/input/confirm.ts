import { createInterface } from 'node:readline/promises';
import { BadInputError } from '../output/errors.js';
import { printToStderr } from '../output/terminal.js';

/**
 * Asks a question on the terminal, and reports whether the answer is yes.
 *
 * @param question a sentence that ends with a question mark, such as `Cancel 3 uploads?`
 * @param verb what `--yes` does, such as `cancel`
 * @param lines what is printed before. Default: nothing
 * @throws BadInputError if there is no terminal
 */
export async function confirmed(
  question: string,
  verb: string,
  lines: readonly string[] = [],
): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new BadInputError(
      [`${question} Nothing was done. Add --yes to ${verb} without a question.`],
      lines,
    );
  printToStderr(...lines);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const reply = await terminal.question(`${question} [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(reply.trim());
}
