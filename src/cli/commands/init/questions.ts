import { type CANCEL_SYMBOL, confirm, isCancel, password, text } from '@clack/prompts';
import { printable } from '../../../util/printable.js';
import { formatError, printError } from '../../output/errors.js';

/** Thrown if the user presses Ctrl-C at a question. */
export class Cancelled extends Error {}

function given<Value extends string | boolean>(reply: Value | typeof CANCEL_SYMBOL): Value {
  if (isCancel(reply)) throw new Cancelled();
  return reply;
}

/**
 * Asks for a text.
 *
 * @param initial text that Enter accepts. Default: none
 */
export async function askText(message: string, initial?: string): Promise<string> {
  const reply = await text({
    message,
    output: process.stderr,
    ...(initial === undefined
      ? { validate: (value = '') => (value.trim() === '' ? 'Enter a value.' : undefined) }
      : { placeholder: printable(initial), defaultValue: initial }),
  });
  return given(reply).trim();
}

/** Asks for a secret, which is not shown. */
export const askSecret = async (message: string): Promise<string> =>
  given(
    await password({
      message,
      output: process.stderr,
      validate: (value = '') => (value === '' ? 'Enter a value.' : undefined),
    }),
  );

/** Asks a question whose answer is yes or no. Enter means no. */
export const askYesNo = async (message: string): Promise<boolean> =>
  given(await confirm({ message, initialValue: false, output: process.stderr }));

/**
 * Asks, and checks the answer at once. If the check fails, shows why, and asks again unless the user keeps the answer.
 *
 * @returns the answer, and what the check found if it passed
 */
export async function askUntilChecked<Answer, Result>(
  ask: () => Promise<Answer>,
  check: (answer: Answer) => Promise<Result>,
): Promise<{ readonly answer: Answer; readonly result?: Result }> {
  while (true) {
    const answer = await ask();
    try {
      return { answer, result: await check(answer) };
    } catch (error) {
      if (error instanceof Cancelled) throw error;
      printError(formatError(error));
      if (await askYesNo('Keep the answer all the same?')) return { answer };
    }
  }
}
