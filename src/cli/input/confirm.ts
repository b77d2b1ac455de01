import { createInterface } from 'node:readline/promises';
import { BadInputError } from '../output/errors.js';
import { printAlways } from '../output/terminal.js';

/**
 * Asks a question on the terminal, and reports whether the answer is yes.
 *
 * @param question a question, such as `Cancel 3 uploads?`
 * @param refusal what is said if there is no terminal: that `--yes` is missing
 * @param lines what is printed before. Default: nothing
 * @throws BadInputError if there is no terminal
 */
export async function confirmed(
  question: string,
  refusal: string,
  lines: readonly string[] = [],
): Promise<boolean> {
  if (!process.stdin.isTTY) throw new BadInputError([refusal], lines);
  printAlways(...lines);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const reply = await terminal.question(`${question} [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(reply.trim());
}
