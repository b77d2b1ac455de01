import { ApplicationFailure, CancelledFailure } from '@temporalio/common';

/** How an attempt of an activity ended without a result, as metrics and traces show it. */
export type FailedOutcome =
  | { readonly result: 'cancelled' }
  | {
      readonly result: 'failed';
      /** Code of the error table; `INTERNAL` for an error without a code. */
      readonly code: string;
    };

/** Classifies the error of an activity. */
export function outcomeOf(error: unknown): FailedOutcome {
  if (error instanceof CancelledFailure) return { result: 'cancelled' };
  const code = error instanceof ApplicationFailure ? error.type : undefined;
  return { result: 'failed', code: code || 'INTERNAL' };
}
