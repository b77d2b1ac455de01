import ms, { type StringValue } from 'ms';

/** `1 file`, `5,000 files`. */
export const count = (howMany: number, what: string): string =>
  `${howMany.toLocaleString('en')} ${what}${howMany === 1 ? '' : 's'}`;

/** `3 done, 1 failed`: what there is of each, in the order given. */
export const counts = (tally: ReadonlyMap<string, number>): string =>
  [...tally].map(([what, howMany]) => `${howMany.toLocaleString('en')} ${what}`).join(', ');

/** How long, in the largest unit: `45s`, `3h`, `2d`. */
export const duration = (milliseconds: number): string => ms(Math.max(0, Math.round(milliseconds)));

/** How many milliseconds `30s`, `2h` or `3d` are; `undefined` for what is no time with its unit. */
export const milliseconds = (text: string): number | undefined =>
  /^[\d.]+\s*[a-z]+$/i.test(text) ? ms(text as StringValue) : undefined;

const UNITS = ['B', 'kB', 'MB', 'GB'] as const;

/** `340 B`, `12 kB`, `1.2 GB`. */
export function bytes(howMany: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, howMany)) / 3));
  const value = howMany / 1000 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[power]}`;
}
