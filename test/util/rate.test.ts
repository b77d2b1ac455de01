import { describe, expect, it } from 'vitest';
import { Rate } from '../../src/util/rate.js';

describe('Rate', () => {
  let now = 0;
  const rateAfter = (samples: readonly (readonly [second: number, total: number])[]) => {
    const rate = new Rate(10_000, () => now);
    for (const [second, total] of samples) {
      now = second * 1000;
      rate.add(total);
    }
    return rate.perSecond();
  };

  it('is 0 before there are two samples', () => {
    expect(rateAfter([])).toBe(0);
    expect(rateAfter([[0, 5]])).toBe(0);
  });

  it('is that of the last seconds, not since the start', () => {
    const fastThenSlow = Array.from({ length: 61 }, (_, s) => [s, s < 30 ? s * 100 : 2900 + s] as const);
    expect(rateAfter(fastThenSlow)).toBeCloseTo(1, 1);
  });

  it('falls to 0 if nothing grows any more', () => {
    expect(
      rateAfter([
        [0, 0],
        [5, 500],
        [10, 500],
        [16, 500],
        [27, 500],
      ]),
    ).toBe(0);
  });

  it('starts anew if the total shrinks', () => {
    expect(
      rateAfter([
        [0, 0],
        [1, 900],
        [2, 0],
        [3, 10],
      ]),
    ).toBe(10);
  });
});
