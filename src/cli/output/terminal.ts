/** The only way to the terminal. It lets nothing through that a terminal would act on, except the colors of `colors.ts`. */
import stringWidth from 'string-width';
import { printable } from '../../util/printable.js';
import { convertAroundColors } from './colors.js';

/** Returns a line as it is written to the terminal: every character visible, a line break as `\n`. */
export const renderLine = (line: string): string => convertAroundColors(line, printable);

/** Returns the number of columns that a line takes. */
export const widthOf = (line: string): number => stringWidth(renderLine(line));

/** Prints lines on stdout. */
export const print = (...lines: readonly string[]): void => write(process.stdout, lines);

/** Prints lines on stderr. */
export const printToStderr = (...lines: readonly string[]): void => write(process.stderr, lines);

/** Prints a value as one line of JSON on stdout. Invisible characters are escaped, so programs read the same value. */
export const printJson = (value: unknown): void => print(JSON.stringify(value));

const write = (stream: NodeJS.WriteStream, lines: readonly string[]): void =>
  void stream.write(lines.map((line) => `${renderLine(line)}\n`).join(''));
