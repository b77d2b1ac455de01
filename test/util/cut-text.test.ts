import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutText } from '../../src/util/cut-text.js';

describe('cutText', () => {
  it('returns a short text unchanged', () => {
    expect(cutText('größe 📈', 8)).toBe('größe 📈');
  });

  it('marks a text that it cuts', () => {
    expect(cutText('abcdef', 3)).toBe('abc…');
  });

  it('does not split a character', () => {
    expect(cutText('ab📈d', 3)).toBe('ab…');
  });

  it('replaces halves of surrogate pairs', () => {
    expect(cutText('a\ud83db\udcc8', 10)).toBe('a\ufffdb\ufffd');
  });

  it('returns well-formed text of limited length, whatever the input', () => {
    const text = fc.string({ unit: 'binary' }).map((each) => `${each}\ud83d`);
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 20 }), (value, maxLength) => {
        const cut = cutText(value, maxLength);
        expect(cut.length).toBeLessThanOrEqual(maxLength + 1);
        expect(cut).not.toMatch(/\p{Cs}/u);
      }),
    );
  });
});
