import type { Difference } from './compare.js';

/** Returns what a difference is, as a phrase: where it is, what was expected, and what was found. */
export function differenceText({
  kind,
  line,
  row,
  column,
  expected = '',
  actual = '',
  deviationPercent,
}: Difference): string {
  const place = [`line ${line}`, row].filter((each) => each !== undefined).join(', ');
  switch (kind) {
    case 'missing-column':
      return `column ${column} is missing in the results`;
    case 'unexpected-column':
      return `column ${column} of the results is not expected`;
    case 'missing-row':
      return `${place}: the row is missing in the results`;
    case 'unexpected-row':
      return `${place} of the results: the row is not expected`;
    case 'value': {
      const deviation = deviationPercent === undefined ? '' : ` (${percentText(deviationPercent)})`;
      return `${place}, column ${column}: expected ${shown(expected)}, actual ${shown(actual)}${deviation}`;
    }
  }
}

/** Returns a deviation in percent, with its sign. */
export const percentText = (value: number): string =>
  `${value > 0 ? '+' : ''}${Number(value.toPrecision(3))} %`;

const shown = (text: string): string => (text === '' || text !== text.trim() ? JSON.stringify(text) : text);
