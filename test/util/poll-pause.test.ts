import { describe, expect, it } from 'vitest';
import { PollPause } from '../../src/util/poll-pause.js';
import { stopClock } from '../support/stopped-clock.js';

describe('PollPause', () => {
  const options = { minMs: 1000, maxMs: 15_000, factor: 9 };

  it.each([
    [10, 1000],
    [400, 3600],
    [10_000, 15_000],
  ])('is, after a poll of %i ms, %i ms long', async (tookMs, pauseMs) => {
    const advance = stopClock();
    const pause = new PollPause(options);
    expect(pause.ms).toBe(1000);
    expect(await pause.measure(async () => advance(tookMs))).toBe(undefined);
    expect(pause.ms).toBe(pauseMs);
  });

  it('has no limit by default', async () => {
    const advance = stopClock();
    const pause = new PollPause({ minMs: 2000, factor: 1 });
    await pause.measure(async () => advance(80_000));
    expect(pause.ms).toBe(80_000);
  });

  it('does not grow with an outage', async () => {
    const advance = stopClock();
    const pause = new PollPause(options);
    const outage = pause.measure(async () => {
      advance(3_600_000);
      throw new Error('Temporal is away');
    });
    await expect(outage).rejects.toThrow('Temporal is away');
    await pause.measure(async () => advance(200));
    expect(pause.ms).toBe(1800);
  });
});
