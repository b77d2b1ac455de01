import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Decimal,
  deviationPercent,
  isWithin,
  normalized,
  parseDecimal,
} from '../../src/qualification/decimal.js';

const decimal = (text: string): Decimal => {
  const value = parseDecimal(text);
  if (!value) throw new Error(`${text} is not a number`);
  return value;
};
const within = (expected: string, actual: string, percent = '0.01') =>
  isWithin(decimal(expected), decimal(actual), decimal(percent));

describe('a decimal number', () => {
  it.each([
    '0',
    '-0',
    '+5',
    '0.00',
    '.5',
    '5.',
    '-12.50',
    '1e3',
    '1.5E-07',
    '0e0',
    '123456789012345678901234567890',
  ])('is read from %s', (text) => {
    expect(parseDecimal(text)).toBeDefined();
  });

  it.each([
    '',
    '.',
    '-',
    'e5',
    'NaN',
    'Inf',
    'Infinity',
    '1,000',
    '0x10',
    '007',
    '00.5',
    '1 2',
    '1e',
    '1e99999',
    '5%',
    '٣',
    '1'.repeat(401),
  ])('is not read from %j', (text) => {
    expect(parseDecimal(text)).toBeUndefined();
  });

  it('has one form, however it is written', () => {
    expect(['1.50', '15e-1', '0.15e1', '+1.5'].map((text) => normalized(decimal(text)))).toEqual(
      Array.from({ length: 4 }, () => '15e-1'),
    );
    expect(['0', '-0.00', '0e9'].map((text) => normalized(decimal(text)))).toEqual(['0', '0', '0']);
  });
});

describe('a tolerance of 0.01 %', () => {
  it.each([
    ['100', '100.01'],
    ['100', '99.99'],
    ['-100', '-100.01'],
    ['449', '449.0449'],
    ['0.1', '0.10001'],
    ['1e-300', '1.0001e-300'],
    ['1e300', '1.0001e300'],
    ['0', '-0'],
    ['0.00', '0e5'],
    ['2958.0000000000005', '2958'],
  ])('allows %s to be %s', (expected, actual) => {
    expect(within(expected, actual)).toBe(true);
  });

  it.each([
    ['100', '100.0100000000000001'],
    ['100', '99.9899999999999999'],
    ['449', '449.0898'],
    ['100', '-100'],
    ['0', '1e-300'],
    ['0', '-0.0001'],
    ['1e-300', '0'],
    ['1', '10'],
  ])('does not allow %s to be %s', (expected, actual) => {
    expect(within(expected, actual)).toBe(false);
  });
});

it('a tolerance of 0 allows only the same number, however it is written', () => {
  expect(within('1.50', '15e-1', '0')).toBe(true);
  expect(within('1.5', '1.5000000000000000000001', '0')).toBe(false);
});

it('the limit of a tolerance is within, and the next digit beyond it is not', { tags: ['REQ-17'] }, () => {
  const digits = fc.bigInt({ min: 1n, max: 10n ** 20n });
  fc.assert(
    fc.property(digits, fc.integer({ min: -300, max: 300 }), fc.boolean(), (value, exponent, isBelow) => {
      const expected = { digits: value * 10_000n, exponent };
      const limit = isBelow ? -value : value;
      const actual = { digits: value * 10_000n + limit, exponent };
      const beyond = { digits: actual.digits * 10n + (isBelow ? -1n : 1n), exponent: exponent - 1 };
      const percent = decimal('0.01');
      expect(isWithin(expected, actual, percent)).toBe(true);
      expect(isWithin(expected, beyond, percent)).toBe(false);
    }),
  );
});

it('numbers that JavaScript writes are read without a change', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const { digits, exponent } = decimal(String(value));
      expect(Number(`${digits}e${exponent}`)).toBe(value === 0 ? 0 : value);
    }),
  );
});

it('a deviation has a sign, and none if zero is expected', () => {
  expect(deviationPercent(decimal('449'), decimal('449.0898'))).toBeCloseTo(0.02, 6);
  expect(deviationPercent(decimal('-10'), decimal('-11'))).toBe(-10);
  expect(deviationPercent(decimal('0'), decimal('1'))).toBeUndefined();
});
