import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable } from '../../src/util/printable.js';

/** Characters that a terminal acts on, reorders or does not show. Written without the class that the code uses. */
const ALIVE = [
  ...Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code)),
  ...Array.from({ length: 0x21 }, (_, code) => String.fromCharCode(0x7f + code)),
  ...'\u00ad\u034f\u061c\u115f\u180e\u200b\u200c\u200d\u200e\u200f\u2028\u2029',
  ...'\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\u3164\ufeff\ufff9\ufe0f',
  '\u{e0041}',
  '\ud800',
  '\udfff',
];
const text = fc
  .array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...ALIVE)))
  .map((parts) => parts.join(''));

describe('printable', () => {
  it('leaves nothing that a terminal acts on or does not show', () => {
    fc.assert(
      fc.property(text, (any) => {
        const shown = printable(any);
        expect(ALIVE.filter((character) => [...shown].includes(character))).toEqual([]);
        expect(shown).not.toMatch(/\p{Cs}/u);
      }),
    );
  });

  it('keeps JSON the same JSON', () => {
    fc.assert(
      fc.property(text, (any) => {
        expect(JSON.parse(printable(JSON.stringify(any)))).toBe(any);
      }),
    );
  });

  it('changes nothing if it is applied again', () => {
    fc.assert(fc.property(text, (any) => void expect(printable(printable(any))).toBe(printable(any))));
  });

  it.each(['pk day 1.csv', 'Größe µg·h/mL', '試験.csv', '🧪', 'C:\\data', "it's"])(
    'leaves %j unchanged',
    (any) => {
      expect(printable(any)).toBe(any);
    },
  );

  it.each([
    ['\u001b[2J', '\\u001b[2J'],
    ['a\nb\tc\r', 'a\\nb\\tc\\r'],
    ['\u202egnp.exe', '\\u202egnp.exe'],
    ['\u009b31m', '\\u009b31m'],
    ['\u{e0041}', '\\udb40\\udc41'],
    ['\ud800', '\\ud800'],
  ])('shows %j escaped', (any, shown) => {
    expect(printable(any)).toBe(shown);
  });
});
