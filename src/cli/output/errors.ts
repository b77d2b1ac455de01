import { UploadFailedError } from '../../client/upload-failed-error.js';
import { errorTable, UploadError } from '../../contract/errors.js';
import { count } from '../../util/units.js';
import { err } from './colors.js';

/** What the command tells its caller. */
export const ExitCode = { done: 0, failed: 1, badUsage: 2, interrupted: 130 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Of many problems, as many are named one by one. */
export const MAX_LINES = 20;

/** Input that nothing can be started with; each problem is a line of its own. */
export class BadInputError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** Says on stderr what went wrong, a line a problem, and gives the exit code for it. */
export function reportError(error: unknown): ExitCode {
  if (error instanceof BadInputError) {
    for (const problem of error.problems.slice(0, MAX_LINES)) printError(problem);
    const rest = error.problems.length - MAX_LINES;
    if (rest > 0) printError(`… and ${count(rest, 'more problem')}`);
    return ExitCode.badUsage;
  }
  printError(formatError(error));
  return error instanceof UploadError ? errorTable[error.code].exitCode : ExitCode.failed;
}

/** An error as a line: its code and its message. */
export function formatError(error: unknown): string {
  if (error instanceof UploadError || error instanceof UploadFailedError)
    return `${error.code}: ${error.message}`;
  return process.env.DEBUG && error instanceof Error
    ? (error.stack ?? error.message)
    : `INTERNAL: ${error instanceof Error ? error.message : String(error)}`;
}

/** The same, naming the file if it does not. */
export const formatErrorFor = (fileName: string, error: unknown): string => {
  const line = formatError(error);
  return line.includes(fileName) ? line : `${fileName}: ${line}`;
};

export const printError = (line: string): void => void process.stderr.write(`${err.red('✗')} ${line}\n`);
