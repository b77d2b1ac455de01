import type { z } from 'zod';
import { cutText } from '../util/cut-text.js';
import { UploadError } from './errors.js';
import { problemsOf } from './problems.js';
import { formatNumber } from './request-fields.js';

/**
 * Validates the untrusted argument of a workflow.
 *
 * @throws {@link UploadError} `REQUEST_INVALID` with the path of every problem
 */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw invalidRequest(problemsOf(parsed.error, 'request'));
  return parsed.data;
}

const MAX_PROBLEMS = 30;
const MAX_PROBLEM_LENGTH = 300;

/**
 * Returns the error for an invalid request. Its message lists at most 30 problems.
 *
 * @param problems descriptions that start with the path of the problem
 */
export function invalidRequest(problems: readonly string[]): UploadError {
  const shown = problems.slice(0, MAX_PROBLEMS).map((problem) => cutText(problem, MAX_PROBLEM_LENGTH));
  const rest = problems.length - shown.length;
  const list = [...shown, ...(rest > 0 ? [`and ${formatNumber(rest)} more`] : [])].join('; ');
  return new UploadError('REQUEST_INVALID', `The upload request is not valid: ${list}`);
}
