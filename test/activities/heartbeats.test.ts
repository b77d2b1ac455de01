import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it, vi } from 'vitest';
import { heartbeatDuring } from '../../src/activities/heartbeats.js';

describe('the heartbeats of a step', () => {
  it('are sent every second at first, then less often, but several times within the timeout', async () => {
    vi.useFakeTimers();
    try {
      const environment = new MockActivityEnvironment();
      const sentAtMs: number[] = [];
      environment.on('heartbeat', () => sentAtMs.push(performance.now()));
      const startedMs = performance.now();
      const running = environment.run(() =>
        heartbeatDuring(() => new Promise<void>((resolve) => setTimeout(resolve, 600_000))),
      );
      await vi.advanceTimersByTimeAsync(600_000);
      await running;
      const intervals = sentAtMs.map((each, index) => each - (sentAtMs[index - 1] ?? startedMs));
      expect(intervals.slice(0, 10).map(Math.round)).toEqual(Array(10).fill(1_000));
      expect(Math.max(...intervals)).toBeLessThanOrEqual(8_000);
      expect(intervals.at(-1)).toBeCloseTo(8_000);
      expect(sentAtMs.length).toBeLessThan(100);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(sentAtMs.length).toBeLessThan(100);
    } finally {
      vi.useRealTimers();
    }
  });
});
