import { ageMs } from './step-age.js';

const MAX_PAUSE_MS = 10 * 60_000;
/** Pause as a part of the time that the step has waited. */
const PAUSE_PART = 0.1;

/**
 * Returns the pause before a step does something again, in milliseconds. It grows with the time that the step has waited.
 *
 * @param minMs shortest pause
 * @param maxMs longest pause. Default: ten minutes
 * @param waitedMs time that the step has waited. Default: its age, over all of its attempts
 */
export const growingPauseMs = (minMs: number, maxMs = MAX_PAUSE_MS, waitedMs = ageMs()): number =>
  Math.min(maxMs, Math.max(minMs, PAUSE_PART * waitedMs));
