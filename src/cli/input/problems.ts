import { UploadError } from '../../contract/errors.js';
import { BadInputError, formatError } from '../output/errors.js';

/** Result of reading one of several inputs. */
export type Attempt<Value> = { readonly value: Value } | { readonly problem: string };

/** Returns the value, or an UploadError as a problem, so that all problems can be reported together. */
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
 * Returns the values of all attempts.
 *
 * @throws BadInputError with every problem, if there are any
 */
export function valuesOrThrow<Value>(attempts: readonly Attempt<Value>[]): Value[] {
  const problems = attempts.flatMap((each) => ('problem' in each ? [each.problem] : []));
  if (problems.length > 0) throw new BadInputError(problems);
  return attempts.flatMap((each) => ('value' in each ? [each.value] : []));
}
