import { ageMs } from './failures.js';

const MAX_PAUSE_MS = 10 * 60_000;
/** Pause as a part of the time that the step has waited. */
const PAUSE_PART = 0.1;

/** Returns the pause before the next check of what a step waits for, in milliseconds. It grows with the age of the step. */
export const growingPauseMs = (minMs: number): number =>
  Math.min(MAX_PAUSE_MS, Math.max(minMs, PAUSE_PART * ageMs()));
