import { z } from 'zod';

/**
 * What is wrong with data from outside: each problem by its path.
 *
 * @param whole what stands for the path where the problem is the whole
 */
export const problemsOf = ({ issues }: z.ZodError, whole: string): string[] =>
  issues.map(({ path, message }) => `${z.core.toDotPath(path) || whole}: ${message}`);
