import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { isErrorCode } from '../contract/errors.js';

/** How an attempt of an activity ended without a result, as metrics and traces show it. */
export interface FailedOutcome {
  readonly result: 'failed' | 'cancelled';
  /** Code of the error table, `INTERNAL` for any other error: it may be forged, and each value is a new series; empty for a cancelled attempt. */
  readonly code: string;
}

/** Classifies the error that ends an attempt of an activity. */
export function outcomeOf(error: unknown): FailedOutcome {
  if (error instanceof CancelledFailure) return { result: 'cancelled', code: '' };
  const code = error instanceof ApplicationFailure ? error.type : undefined;
  return { result: 'failed', code: isErrorCode(code) ? code : 'INTERNAL' };
}
