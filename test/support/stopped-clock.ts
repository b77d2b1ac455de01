import { onTestFinished, vi } from 'vitest';

/**
 * Stops the monotonic clock until the end of the running test, so that only the test decides how long something takes. Timers run
 * on. Returns a function that advances the clock, and does nothing once the test has ended.
 */
export function stopClock(): (ms: number) => void {
  vi.useFakeTimers({ toFake: ['performance'] });
  let isStopped = true;
  onTestFinished(() => {
    isStopped = false;
    vi.useRealTimers();
  });
  return (ms) => {
    if (isStopped) vi.advanceTimersByTime(ms);
  };
}
