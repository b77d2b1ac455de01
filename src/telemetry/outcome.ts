import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { errorTable, isErrorCode } from '../contract/errors.js';

/** How an attempt of an activity ended without a result, as metrics and traces show it. */
export interface FailedOutcome {
  /** `pending`: the step waits for an execution that is at work, which is no failure. */
  readonly result: 'failed' | 'cancelled' | 'pending';
  /** Code of the error table, `INTERNAL` for any other error: it may be forged, and each value is a new series; empty for a cancelled attempt. */
  readonly code: string;
}

/** Classifies the error that ends an attempt of an activity. */
export function outcomeOf(error: unknown): FailedOutcome {
  if (error instanceof CancelledFailure) return { result: 'cancelled', code: '' };
  const code = error instanceof ApplicationFailure ? error.type : undefined;
  if (!isErrorCode(code)) return { result: 'failed', code: 'INTERNAL' };
  return { result: errorTable[code].isProgress ? 'pending' : 'failed', code };
}
