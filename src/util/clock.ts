/** A point in time by two clocks: the wall clock runs on while a machine is suspended, and nobody can set the monotonic clock. */
export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** Returns the current time. */
export const now = (): Moment => ({ monotonicMs: performance.now(), wallMs: Date.now() });

/**
 * Returns the milliseconds since a point in time, by the clock that shows more. The monotonic clock stops while a machine is
 * suspended, and the wall clock can be set back, so each may show too little.
 */
export const elapsedMs = (since: Moment): number =>
  Math.max(performance.now() - since.monotonicMs, Date.now() - since.wallMs);
