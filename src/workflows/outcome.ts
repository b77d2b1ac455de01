import { ApplicationFailure } from '@temporalio/common';
import { isCancellation } from '@temporalio/workflow';

/** How a run ended without a receipt, as metrics and traces show it. */
export type FailedOutcome = {
  readonly result: 'failed' | 'cancelled';
  /** Code of the error table, `INTERNAL` for an error without a code; empty for a cancelled run. */
  readonly code: string;
};

/** Classifies the error that ends a run. */
export function outcomeOf(error: unknown): FailedOutcome {
  if (isCancellation(error)) return { result: 'cancelled', code: '' };
  const code = error instanceof ApplicationFailure ? error.type : undefined;
  return { result: 'failed', code: code || 'INTERNAL' };
}
