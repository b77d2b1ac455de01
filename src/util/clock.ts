/** A moment, by two clocks: one of them notices that a machine was suspended, the other that the time was set. */
export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** Returns this moment. */
export const now = (): Moment => ({ monotonicMs: performance.now(), wallMs: Date.now() });

/**
 * Returns how long ago a moment was, in milliseconds, by whichever clock says longer. The monotonic clock stops while a
 * machine is suspended, and the wall clock can be set back, so either may say too little.
 */
export const elapsedMs = (since: Moment): number =>
  Math.max(performance.now() - since.monotonicMs, Date.now() - since.wallMs);
