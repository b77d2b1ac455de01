import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Progress } from '../../src/util/progress.js';

const MINUTE = 60_000;

describe('Progress', () => {
  it('allows less and less time while only a byte moves now and then', () => {
    const progress = new Progress(MINUTE);
    progress.add(50_000, 1);
    expect(progress.restMs).toBe(10_000);
    progress.add(20_000, 1);
    expect(progress.restMs).toBe(0);
    expect(progress.bytes).toBe(2);
  });

  it('allows the whole timeout again after 60 KiB in a minute', () => {
    const progress = new Progress(MINUTE);
    progress.add(30_000, 60 * 1024 - 1);
    expect(progress.restMs).toBe(30_000);
    progress.add(20_000, 1);
    expect(progress.restMs).toBe(MINUTE);
  });

  it('allows a slower transfer if the timeout is longer than a minute', () => {
    const progress = new Progress(10 * MINUTE);
    progress.add(9 * MINUTE, 60 * 1024);
    expect(progress.restMs).toBe(10 * MINUTE);
  });

  it('never ends a transfer of 1 KiB per second, and always one of half of that', () => {
    const timeouts = fc.integer({ min: 1, max: 60 }).map((seconds) => seconds * 1000);
    fc.assert(
      fc.property(timeouts, fc.integer({ min: 1, max: 20 }), (timeoutMs, steps) => {
        const endsAt = (bytesPerSecond: number) => {
          const progress = new Progress(timeoutMs);
          const stepMs = timeoutMs / (2 * steps);
          for (let spentMs = 0; spentMs < 3 * timeoutMs; spentMs += stepMs) {
            if (progress.restMs < stepMs / 2) return spentMs;
            progress.add(stepMs, Math.ceil((stepMs / 1000) * bytesPerSecond));
          }
          return undefined;
        };
        expect(endsAt(1024)).toBeUndefined();
        expect(endsAt(400)).toBeLessThanOrEqual(timeoutMs * 1.01);
      }),
    );
  });
});
