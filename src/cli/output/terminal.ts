/** The only way to the terminal. It lets nothing through that a terminal would act on, except the colors of `colors.ts`. */
import { printable } from '../../util/printable.js';
import { convertAroundColors } from './colors.js';

/** Returns a line as it is written to the terminal: every character visible, a line break as `\n`. */
export const renderLine = (line: string): string => convertAroundColors(line, printable);

/** True if only errors and JSON are printed. */
let isQuiet = false;

/** Sets whether only errors and JSON are printed. Default: everything is */
export function setQuiet(quiet: boolean): void {
  isQuiet = quiet;
}

/** Reports whether a stream is a terminal on which progress may be drawn. */
export const showsProgress = (stream: NodeJS.WriteStream): boolean => stream.isTTY === true && !isQuiet;

/** Prints lines on stdout, unless only errors are printed. */
export function print(...lines: readonly string[]): void {
  if (!isQuiet) write(process.stdout, lines);
}

/** Prints lines on stderr that are neither an error nor a question, unless only errors are printed. */
export function printToStderr(...lines: readonly string[]): void {
  if (!isQuiet) write(process.stderr, lines);
}

/** Prints lines on stderr in any case: an error or a question. */
export const printAlways = (...lines: readonly string[]): void => write(process.stderr, lines);

/** Prints a value as one line of JSON on stdout. Invisible characters are escaped, so programs read the same value. */
export const printJson = (value: unknown): void => write(process.stdout, [JSON.stringify(value)]);

const write = (stream: NodeJS.WriteStream, lines: readonly string[]): void =>
  void stream.write(lines.map((line) => `${renderLine(line)}\n`).join(''));
