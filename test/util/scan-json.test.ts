import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanJson } from '../../src/util/scan-json.js';

const LIMITS = { depth: 64, values: 1_000_000, isExact: true };
const problemsIn = (text: string) =>
  scanJson(text, LIMITS).problems.map(({ path, problem }) => `${path.join('.')}: ${problem}`);

describe('scanJson', () => {
  it('accepts everything that JavaScript writes itself', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ stringUnit: 'binary', maxDepth: 3 }),
        fc.constantFrom(0, 2),
        (value, indent) => {
          expect(scanJson(JSON.stringify(value, undefined, indent), LIMITS)).toEqual({ problems: [] });
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each([
    '0',
    '-1',
    '0.10',
    '1.0',
    '1e5',
    '1E+5',
    '100000000000000000000000',
    '5e-324',
    '1.7976931348623157e308',
    '0.30000000000000004',
    '9007199254740993.0e0'.replace('3.', '2.'),
    '0e999999999999',
    '0.000',
  ])('accepts %s, whose digits JavaScript keeps', (number) => {
    expect(problemsIn(`{"a":${number}}`)).toEqual([]);
  });

  it.each([
    ['12345678901234567890', '12345678901234567000'],
    ['9007199254740993', '9007199254740992'],
    ['0.1234567890123456789', '0.12345678901234568'],
    ['1e400', 'Infinity'],
    ['-1e400', '-Infinity'],
    ['1e-400', '0'],
    ['-0', '0'],
    ['-0.0', '0'],
    ['1.00000000000000000001', '1'],
  ])('reports that %s would become %s', (number, stored) => {
    expect(problemsIn(`{"a":{"b":[1,${number}]}}`)).toEqual([
      `a.b.1: ${number} cannot be stored exactly, and would become ${stored}`,
    ]);
  });

  it('reports a number if and only if JavaScript writes other digits', () => {
    const digits = fc
      .array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 22 })
      .map((all) => all.join(''));
    const number = fc
      .tuple(fc.constantFrom('', '-'), digits, digits, fc.integer({ min: -330, max: 330 }))
      .map(
        ([sign, whole, fraction, power]) => `${sign}${whole.replace(/^0+(?=\d)/, '')}.${fraction}e${power}`,
      );
    /** Digits and power of ten, by arithmetic with big integers. */
    const exactly = (text: string) => {
      const [, sign = '', whole = '', fraction = '', power = '0'] =
        /^(-?)(\d+)\.?(\d*)(?:e([+-]?\d+))?$/.exec(text) ?? [];
      let [value, exponent] = [BigInt(whole + fraction), Number(power) - fraction.length];
      while (value !== 0n && value % 10n === 0n) [value, exponent] = [value / 10n, exponent + 1];
      return value === 0n ? `${sign}0` : `${sign}${value}e${exponent}`;
    };
    fc.assert(
      fc.property(number, (text) => {
        const isKept = exactly(text) === exactly(JSON.stringify(Number(text)).replace('null', '0.0e7'));
        expect(problemsIn(`[${text}]`).length).toBe(isKept ? 0 : 1);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['{"dose":1,"dose":2}', ['dose: is given more than once']],
    ['{"dose":1,"d\\u006fse":2}', ['dose: is given more than once']],
    ['{"a":[{"x":1},{"x":1,"y":{},"x":[]}]}', ['a.1.x: is given more than once']],
    ['{"":1,"":2}', [': is given more than once']],
    ['{"a":{"x":1},"b":{"x":1}}', []],
    ['["x","x",{"x":"x"}]', []],
    ['{"__proto__":1,"constructor":2,"toString":3}', []],
  ])('reports keys that are given more than once in %s', (text, problems) => {
    expect(problemsIn(text)).toEqual(problems);
  });

  it('ignores numbers, keys and brackets in strings', () => {
    expect(problemsIn('{"a":"{\\"b\\":1e999,\\"b\\":[","c":"\\\\"}')).toEqual([]);
  });

  it('stops at a limit, without parsing', () => {
    expect(scanJson('['.repeat(65), LIMITS).oversized).toBe('is nested deeper than 64 levels');
    expect(scanJson('['.repeat(64) + ']'.repeat(64), LIMITS)).toEqual({ problems: [] });
    expect(scanJson('[1,1,1]', { ...LIMITS, values: 3 }).oversized).toBe('has more than 3 values');
  });

  it('ends for any text, with at most 30 problems', () => {
    const piece = fc.oneof(
      fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', '1', '-', 'e', '1e999'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 200 }), (pieces) => {
        expect(scanJson(pieces.join(''), LIMITS).problems.length).toBeLessThanOrEqual(30);
      }),
      { numRuns: 500 },
    );
  });

  it('takes time in proportion to the text', () => {
    const zeros = '0'.repeat(1_000_000);
    expect(problemsIn(`[1${zeros}1, 0.${zeros}1, 1${zeros}]`)).toHaveLength(3);
    expect(problemsIn(`["${'\\\\'.repeat(500_000)}"]`)).toEqual([]);
  });
});
