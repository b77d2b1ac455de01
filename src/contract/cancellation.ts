import { z } from 'zod';
import { parseInput } from './parse-input.js';
import { REQUEST_LIMITS } from './request-limits.js';

/** Longest id of an execution. */
const MAX_ID_LENGTH = 255;
const execution = z.strictObject({
  executionId: z.string().min(1).max(MAX_ID_LENGTH),
  label: z.string().min(1).max(REQUEST_LIMITS.label),
});
const cancellationInputSchema = z.strictObject({
  profile: z.string().min(1).max(REQUEST_LIMITS.profile),
  fileName: z.string().min(1).max(REQUEST_LIMITS.fileName),
  executions: z.array(execution).max(REQUEST_LIMITS.executions),
});

/** Argument of the workflow `cancelExecutions`. */
export type CancellationInput = z.output<typeof cancellationInputSchema>;

/** Argument of the activity `cancelExecution`. */
export type ExecutionCancellationInput = Omit<CancellationInput, 'executions'> &
  CancellationInput['executions'][number];

/** What became of an execution that was to be cancelled. */
export interface CancelledExecution {
  readonly executionId: string;
  readonly label: string;
  /**
   * - `cancelled`: it is cancelled, now or before.
   * - `ended`: it had ended before.
   * - `not-cancelled`: it runs on, because Aplos offers no cancellation, or refuses this one.
   * - `unknown`: Aplos no longer has it, or did not respond for a day.
   */
  readonly outcome: 'cancelled' | 'ended' | 'not-cancelled' | 'unknown';
  /** Status that Aplos reported last, e.g. `complete`. Absent if it reported none. */
  readonly status?: string;
  /** Why it was not cancelled, or why the outcome is not known. Default: none */
  readonly reason?: string;
}

/** Activities of the workflow `cancelExecutions`. */
export interface CancellationActivities {
  /** Validates the argument of the workflow. Runs as a local activity. */
  checkCancellation(input: unknown, argumentCount: number): Promise<[CancellationInput]>;
  /** Cancels one execution at Aplos, and returns what became of it. */
  cancelExecution(input: ExecutionCancellationInput): Promise<[CancelledExecution]>;
}

/**
 * Validates untrusted input of `cancelExecutions`.
 *
 * @throws {@link UploadError} `REQUEST_INVALID` with the path of every problem
 */
export const parseCancellationInput = (input: unknown): CancellationInput =>
  parseInput(cancellationInputSchema, input);
