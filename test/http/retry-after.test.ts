import { describe, expect, it } from 'vitest';
import { retryAfterMs } from '../../src/http/retry-after.js';

const now = Date.UTC(2025, 0, 1, 12, 0, 0);

describe('retryAfterMs', () => {
  it.each([
    ['120', 120_000],
    [' 5 ', 5_000],
    ['0', 0],
    [['7', '9'], 7_000],
    ['Wed, 01 Jan 2025 12:00:30 GMT', 30_000],
  ])('parses %j to %d ms', (header, ms) => {
    expect(retryAfterMs(header, now)).toBe(ms);
  });

  it('returns 0 for a time in the past', () => {
    expect(retryAfterMs('Wed, 01 Jan 2025 11:00:00 GMT', now)).toBe(0);
  });

  it.each(['86400', '9'.repeat(400), 'Thu, 01 Jan 2026 12:00:00 GMT'])(
    'returns at most one hour for %s',
    (header) => {
      expect(retryAfterMs(header, now)).toBe(3_600_000);
    },
  );

  it.each([[undefined], [''], ['soon'], [[]]])('returns undefined for %j', (header) => {
    expect(retryAfterMs(header, now)).toBeUndefined();
  });
});
