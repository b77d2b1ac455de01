import { afterEach, describe, expect, it, vi } from 'vitest';
import { elapsedMs, now } from '../../src/util/clock.js';

afterEach(() => vi.restoreAllMocks());

/** Sets both clocks to what they say at a moment. */
const clocks = (monotonicMs: number, wallMs: number) => {
  vi.spyOn(performance, 'now').mockReturnValue(monotonicMs);
  vi.spyOn(Date, 'now').mockReturnValue(wallMs);
};

describe('elapsedMs', () => {
  it('counts the time of a suspended machine, whose monotonic clock stopped', () => {
    clocks(1_000, 1_700_000_000_000);
    const since = now();
    clocks(1_005, 1_700_000_060_000);
    expect(elapsedMs(since)).toBe(60_000);
  });

  it('counts on when the wall clock is set back', () => {
    clocks(1_000, 1_700_000_000_000);
    const since = now();
    clocks(4_000, 1_600_000_000_000);
    expect(elapsedMs(since)).toBe(3_000);
  });
});
