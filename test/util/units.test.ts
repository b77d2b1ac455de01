import { describe, expect, it } from 'vitest';
import { bytes, count, duration, milliseconds } from '../../src/util/units.js';

describe('milliseconds', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['2 m', 120_000],
    ['30', undefined],
    ['2 parsecs', undefined],
    ['-5s', undefined],
  ])('parses "%s" to %s', (text, value) => expect(milliseconds(text)).toBe(value));
});

describe('bytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [12_345, '12 kB'],
    [9_870_000, '9.9 MB'],
    [5_368_709_120, '5.4 GB'],
  ])('formats %i as %s', (howMany, text) => expect(bytes(howMany)).toBe(text));
});

describe('count', () => {
  it('uses the singular for one', () => {
    expect([count(1, 'file'), count(5000, 'file')]).toEqual(['1 file', '5,000 files']);
  });
});

describe('duration', () => {
  it('uses the largest unit', () => {
    expect([duration(-5), duration(90_000), duration(7_200_000)]).toEqual(['0ms', '2m', '2h']);
  });
});
