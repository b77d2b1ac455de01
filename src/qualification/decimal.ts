/** A decimal number without rounding: `digits` times ten to the power of `exponent`. */
export interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

/** A text such as `007` is an identifier, so a number has no leading zeros. */
const NUMBER = /^([+-]?)(0|[1-9]\d*)?(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;
/** Longest text that is read as a number. */
const MAX_LENGTH = 400;

/**
 * Reads a decimal number, such as `-0.5`, `.5` or `1.2e-3`.
 *
 * @returns `undefined` if the text is something else, such as `NaN`, `1,000`, `0x10` or `007`
 */
export function parseDecimal(text: string): Decimal | undefined {
  const match = text.length <= MAX_LENGTH ? NUMBER.exec(text) : null;
  if (!match) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  if (whole === '' && fraction === '') return undefined;
  const digits = BigInt(`${whole}${fraction}`);
  return { digits: sign === '-' ? -digits : digits, exponent: Number(exponent) - fraction.length };
}

/**
 * Reports whether a number deviates from another by at most a share of it. Calculates exactly, so that the limit itself is within.
 *
 * @param tolerance largest deviation in percent of the expected number. Only zero is within any percentage of zero
 */
export function isWithin(expected: Decimal, actual: Decimal, tolerance: Decimal): boolean {
  const exponent = Math.min(expected.exponent, actual.exponent);
  const deviation = absolute(scaled(actual, exponent) - scaled(expected, exponent));
  const limit = absolute(expected.digits) * tolerance.digits;
  const limitExponent = expected.exponent + tolerance.exponent;
  const common = Math.min(exponent, limitExponent);
  return (
    100n * scaled({ digits: deviation, exponent }, common) <=
    scaled({ digits: limit, exponent: limitExponent }, common)
  );
}

/** Returns by how many percent a number deviates from another, rounded; `undefined` if the other is zero. */
export function deviationPercent(expected: Decimal, actual: Decimal): number | undefined {
  if (expected.digits === 0n) return undefined;
  const exponent = Math.min(expected.exponent, actual.exponent);
  const [from, to] = [scaled(expected, exponent), scaled(actual, exponent)];
  return Number((100_000_000n * (to - from)) / absolute(from)) / 1_000_000;
}

/** Returns a text that equal numbers share, such as `15e-1` for `1.5` and `1.50`. */
export function normalized({ digits, exponent }: Decimal): string {
  if (digits === 0n) return '0';
  const text = digits.toString();
  const significant = text.replace(/0+$/, '');
  return `${significant}e${exponent + text.length - significant.length}`;
}

const absolute = (value: bigint): bigint => (value < 0n ? -value : value);

/** Returns a number in units of ten to the power of an exponent, which is not larger than its own. */
const scaled = ({ digits, exponent }: Decimal, unit: number): bigint =>
  digits * 10n ** BigInt(exponent - unit);
