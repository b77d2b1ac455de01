import type { SandboxSettings } from './options.js';

/** Times of an accepted execution, by `performance.now()`. */
export interface Schedule {
  readonly startedAt: number;
  /** Until then the execution is `throttled`. */
  readonly throttledUntil: number;
  /** Until then it is queued. */
  readonly runsAt: number;
  /** Until then it is running. */
  readonly endsAt: number;
}

/** Decision about a start. */
export type Admission =
  | { readonly kind: 'accepted'; readonly schedule: Schedule; readonly delaySeconds?: number }
  | { readonly kind: 'rejected' | 'refused'; readonly reason: string };

const HOUR_MS = 3_600_000;

/** Decides whether and when an execution runs, given those that the user has started already. */
export function admit(earlier: readonly Schedule[], settings: SandboxSettings): Admission {
  const { maxConcurrent, maxQueued, minIntervalMs, maxPerHour, maxPerDay, throttleMs, stepMs } = settings;
  const now = performance.now();
  const within = (ms: number) => earlier.filter(({ startedAt }) => startedAt > now - ms).length;
  // Without a limit, a start takes as long after 50,000 others as after one.
  const reaches = (limit: number, ms: number) => Number.isFinite(limit) && within(ms) >= limit;
  if (reaches(maxPerDay, 24 * HOUR_MS))
    return { kind: 'rejected', reason: `Daily limit of ${maxPerDay} executions reached` };
  const unfinished = Number.isFinite(maxConcurrent)
    ? earlier.map(({ endsAt }) => endsAt).filter((endsAt) => endsAt > now)
    : [];
  if (unfinished.length >= maxConcurrent + maxQueued)
    return { kind: 'refused', reason: `${unfinished.length} executions are running or queued` };
  if (minIntervalMs > 0 && within(minIntervalMs) > 0)
    return { kind: 'refused', reason: `Wait ${minIntervalMs / 1000} seconds between submissions` };
  const isThrottled = reaches(maxPerHour, HOUR_MS);
  const throttledUntil = isThrottled ? now + throttleMs : now;
  const slot = unfinished.sort((a, b) => a - b)[unfinished.length - maxConcurrent] ?? now;
  const runsAt = Math.max(now + stepMs, throttledUntil, slot);
  const schedule = { startedAt: now, throttledUntil, runsAt, endsAt: runsAt + stepMs };
  return {
    kind: 'accepted',
    schedule,
    ...(isThrottled ? { delaySeconds: Math.ceil(throttleMs / 1000) } : {}),
  };
}
