import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  JSON_LIMITS,
  OversizedJsonError,
  parseUntrustedJson,
  tryParseJson,
} from '../../src/contract/parse-json.js';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('parseUntrustedJson', () => {
  it('returns what JSON.parse returns', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.nat(3), (text, indent) => {
        const written = JSON.stringify(JSON.parse(text), undefined, indent);
        expect(parseUntrustedJson(written)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('does not count brackets and commas in strings', () => {
    const text = fc.string({ unit: fc.constantFrom('[', '{', ',', '"', '\\', 'a') });
    fc.assert(
      fc.property(text, (value) => {
        const many = { [value]: Array.from({ length: JSON_LIMITS.depth }, () => value) };
        expect(parseUntrustedJson(JSON.stringify(many))).toEqual(many);
      }),
    );
  });

  it.each([
    ['nested lists', '['.repeat(20 * 1024 * 1024), 'nested deeper than 500 levels'],
    ['nested objects', '{"a":'.repeat(501), 'nested deeper than 500 levels'],
    ['empty lists', `[${'[],'.repeat(7_000_000)}[]]`, 'more than 2,000,000 values'],
    ['empty objects', `[${'{},'.repeat(7_000_000)}{}]`, 'more than 2,000,000 values'],
    ['numbers', `[${'0,'.repeat(10_000_000)}0]`, 'more than 2,000,000 values'],
    ['keys', `{${'"":0,'.repeat(4_000_000)}"":0}`, 'more than 2,000,000 values'],
    ['strings that end in a backslash', `[${'"\\\\",'.repeat(4_000_000)}0]`, 'more than 2,000,000 values'],
  ])('rejects 20 MB of %s before parsing them', (_what, text, problem) => {
    const parse = vi.spyOn(JSON, 'parse');

    expect(() => parseUntrustedJson(text)).toThrow(OversizedJsonError);
    expect(() => parseUntrustedJson(text)).toThrow(problem);
    expect(parse).not.toHaveBeenCalled();
  });

  it.each(['', '"', '"\\', '[', '{"a', ']', ',', '"a"b', 'NaN'])('throws a SyntaxError for %j', (text) => {
    expect(() => parseUntrustedJson(text)).toThrow(SyntaxError);
    expect(tryParseJson(text)).toBeUndefined();
  });
});
