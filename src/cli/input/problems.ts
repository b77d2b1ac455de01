import { UploadError } from '../../contract/errors.js';
import { BadInputError, formatError } from '../output/errors.js';

/** What came of reading one of several inputs. */
export type Attempt<Value> = { readonly value: Value } | { readonly problem: string };

/** Keeps an error of the table as a problem, so that all of them can be told at once. */
export async function collectProblem<Value>(
  work: () => Value | Promise<Value>,
  asLine: (error: UploadError) => string = formatError,
): Promise<Attempt<Value>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof UploadError) return { problem: asLine(error) };
    throw error;
  }
}

/**
 * The values, if all could be read.
 *
 * @throws BadInputError with every problem
 */
export function valuesOrThrow<Value>(attempts: readonly Attempt<Value>[]): Value[] {
  const problems = attempts.flatMap((each) => ('problem' in each ? [each.problem] : []));
  if (problems.length > 0) throw new BadInputError(problems);
  return attempts.flatMap((each) => ('value' in each ? [each.value] : []));
}
