import { type ErrorCode, errorTable, isErrorCode, UploadError } from '../../contract/errors.js';
import { printable } from '../../util/printable.js';
import { count } from '../../util/units.js';
import { err } from './colors.js';
import type { ProblemRecord } from './records.js';
import { printAlways, printJson, printToStderr } from './terminal.js';

/** Exit codes of the commands. */
export const ExitCode = { done: 0, failed: 1, badUsage: 2, interrupted: 130, outputClosed: 141 } as const;
/** One of the exit codes. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Largest number of problems, failures or outcomes that are printed one by one. */
export const MAX_LINES = 20;

/** Invalid input. Each problem is one line. Nothing was started. */
export class BadInputError extends Error {
  readonly problems: readonly string[];
  /** Lines that say what else can be done. Default: none. */
  readonly hint: readonly string[];

  /** The problems of single files, for `--json`. Default: none. */
  readonly records: readonly ProblemRecord[];

  constructor(
    problems: readonly string[],
    hint: string | readonly string[] = [],
    records: readonly ProblemRecord[] = [],
  ) {
    super(problems.join('\n'));
    this.problems = problems;
    this.hint = [hint].flat();
    this.records = records;
  }
}

/**
 * Waits for a check of the input. If it fails, prints a line of JSON about each file that something is wrong with.
 *
 * @param isJson whether the command prints JSON
 * @throws what the check throws
 */
export async function printingProblems<Input>(check: Promise<Input>, isJson: boolean): Promise<Input> {
  try {
    return await check;
  } catch (error) {
    if (isJson && error instanceof BadInputError) for (const record of error.records) printJson(record);
    throw error;
  }
}

/** Prints an error on stderr, one line per problem, and returns the exit code for it. */
export function reportError(error: unknown): ExitCode {
  if (error instanceof BadInputError) {
    for (const problem of error.problems.slice(0, MAX_LINES)) printError(withCode(problem));
    const rest = error.problems.length - MAX_LINES;
    if (rest > 0) printError(`… and ${count(rest, 'more problem')}`);
    printAlways(...error.hint);
    return ExitCode.badUsage;
  }
  printError(formatError(error));
  const cause = error instanceof UploadError ? error.cause : error;
  if (process.env.DEBUG && !isKnown(error) && cause instanceof Error)
    printAlways(...(cause.stack ?? '').split('\n').slice(1));
  return error instanceof UploadError ? errorTable[error.code].exitCode : ExitCode.failed;
}

const INVALID_INPUT = 'REQUEST_INVALID' satisfies ErrorCode;

/** Returns a problem with a code in front, unless it names one: every error has the form `CODE: what happened. What to do.` */
function withCode(problem: string): string {
  const hasCode = [...problem.matchAll(/(?<=^|: )([A-Z][A-Z\d_]+)(?=: )/g)].some(([code]) =>
    isErrorCode(code),
  );
  return hasCode ? problem : `${INVALID_INPUT}: ${problem}`;
}

/**
 * Prints a mistake in the command line.
 *
 * @param text what Commander says about it: `error: unknown option '--wiat'`, and perhaps a suggestion on the next line
 * @param command command whose help lists what is possible
 */
export function printUsageError(text: string, command: string): void {
  const [happened = '', suggestion] = text
    .trim()
    .replace(/^error: /, '')
    .split('\n');
  const sentence = happened.charAt(0).toUpperCase() + happened.slice(1).replace(/\.$/, '');
  const hint = suggestion?.replace(/^\((.*)\)$/, ' $1') ?? '';
  printError(`${INVALID_INPUT}: ${sentence}.${hint} To see what is possible, run: ${command} --help`);
}

/** Returns an error as one line: its code and its message. */
export function formatError(error: unknown): string {
  if (isKnown(error)) return `${error.code}: ${error.message}`;
  return `INTERNAL: ${error instanceof Error ? error.message : String(error)}`;
}

/** Reports whether the code of an error says what happened. */
const isKnown = (error: unknown): error is UploadError =>
  error instanceof UploadError && error.code !== 'INTERNAL';

/**
 * Returns an error as one line that names the file.
 *
 * @param where what named the file, such as a line of a manifest. Default: the command line
 */
export const formatErrorFor = (fileName: string, error: unknown, where?: string): string => {
  const line = formatError(error);
  const named = line.includes(printable(fileName)) ? line : `${fileName}: ${line}`;
  return where === undefined || line.includes(printable(where)) ? named : `${where}: ${named}`;
};

/** Prints a line on stderr, marked as an error. */
export const printError = (line: string): void => printAlways(`${err.red('✗')} ${line}`);

/** Prints a line on stderr that is neither an error nor a result. */
export const printNote = (line: string): void => printToStderr(`${err.yellow('!')} ${line}`);

/** Prints what `--skip-unreadable` leaves out. */
export const printSkipped = (problem: string): void => printNote(`Left out. ${problem}`);

/** What to do if files cannot be read and the others are wanted nevertheless. */
export const SKIP_HINT = 'Nothing was started. To upload the other files, add --skip-unreadable.';
