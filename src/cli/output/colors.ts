import pc from 'picocolors';

let mark: string | undefined;
let marked: RegExp | undefined;

/**
 * Returns the parameters that mark the colors of this process. A text from outside cannot contain them, because nothing prints
 * them. They are not chosen before a color is used: loading the random generator takes a tenth of the time of `--help`.
 */
const markOfColors = () => (mark ??= crypto.getRandomValues(new Uint16Array(6)).join(';'));
const markedColor = () => (marked ??= new RegExp(`\\u001b\\[(\\d+);${markOfColors()}m`, 'g'));
const escapeFor = (parameter: number) => `\u001b[${parameter};${markOfColors()}m`;
const style =
  (isEnabled: boolean, start: number, end: number) =>
  (text: string): string =>
    isEnabled ? escapeFor(start) + text + escapeFor(end) : text;

const colorsFor = (stream: NodeJS.WriteStream) => {
  const isEnabled = pc.isColorSupported && stream.isTTY === true;
  return {
    bold: style(isEnabled, 1, 22),
    dim: style(isEnabled, 2, 22),
    red: style(isEnabled, 31, 39),
    green: style(isEnabled, 32, 39),
    yellow: style(isEnabled, 33, 39),
    cyan: style(isEnabled, 36, 39),
  };
};

/** Colors for stdout. Disabled if stdout is not a terminal or `NO_COLOR` is set. Use them only in lines for `print`. */
export const out = colorsFor(process.stdout);

/** Colors for stderr. Disabled if stderr is not a terminal or `NO_COLOR` is set. Use them only in lines for `printToStderr`. */
export const err = colorsFor(process.stderr);

/** Converts a line piece by piece, and leaves its colors as they are. Colors of other origin count as text. */
export function convertAroundColors(line: string, convert: (text: string) => string): string {
  return line
    .split(markedColor())
    .map((piece, index) => (index % 2 === 0 ? convert(piece) : `\u001b[${piece}m`))
    .join('');
}
