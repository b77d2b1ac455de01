import { ApplicationFailure } from '@temporalio/common';
import { isCancellation } from '@temporalio/workflow';
import { isErrorCode } from '../contract/error-table.js';

/** How a run ended without a receipt, as metrics and traces show it. */
export type FailedOutcome = {
  readonly result: 'failed' | 'cancelled';
  /** Code of the error table, `INTERNAL` for any other error: it may be forged, and each value is a new series; empty for a cancelled run. */
  readonly code: string;
};

/** Classifies the error that ends a run. */
export function outcomeOf(error: unknown): FailedOutcome {
  if (isCancellation(error)) return { result: 'cancelled', code: '' };
  const code = error instanceof ApplicationFailure ? error.type : undefined;
  return { result: 'failed', code: isErrorCode(code) ? code : 'INTERNAL' };
}
