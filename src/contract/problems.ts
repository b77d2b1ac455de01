import { z } from 'zod';

/**
 * Lists the problems that a schema found, each with its path in front.
 *
 * @param whole name that replaces the path if the value as a whole is the problem
 */
export const problemsOf = ({ issues }: z.ZodError, whole: string): string[] =>
  issues.map(({ path, message }) => `${z.core.toDotPath(path) || whole}: ${message}`);
