import ms, { type StringValue } from 'ms';

/** Formats a count, e.g. `1 file` or `5,000 files`. */
export const count = (howMany: number, what: string, plural = `${what}s`): string =>
  `${howMany.toLocaleString('en')} ${howMany === 1 ? what : plural}`;

/** Formats a tally in its order, e.g. `3 done, 1 failed`. */
export const counts = (tally: ReadonlyMap<string, number>): string =>
  [...tally].map(([what, howMany]) => `${howMany.toLocaleString('en')} ${what}`).join(', ');

/** Formats a duration in its largest unit, e.g. `45s`, `3h` or `2d`. */
export const duration = (milliseconds: number): string => ms(Math.max(0, Math.round(milliseconds)));

/** Parses a duration with its unit, e.g. `30s`, `2h` or `3d`, to milliseconds; `undefined` if it is invalid. */
export const milliseconds = (text: string): number | undefined =>
  /^[\d.]+\s*[a-z]+$/i.test(text) ? ms(text as StringValue) : undefined;

const UNITS = ['B', 'kB', 'MB', 'GB'] as const;

/** Formats a size, e.g. `340 B`, `12 kB` or `1.2 GB`. */
export function bytes(howMany: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, howMany)) / 3));
  const value = howMany / 1000 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[power]}`;
}
