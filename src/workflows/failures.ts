import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { FailureDetails } from '../contract/steps.js';

/** Whether a new presigned POST is the way on. */
export const needsNewPresignedPost = (error: unknown): boolean =>
  detailsOf(codedFailureIn(error))?.remedy === 'presign-again';

/** Whether a step ran out of time, and did not fail with anything of its own. */
export const hasTimedOut = (error: unknown): boolean =>
  codedFailureIn(error) === undefined && causes(error).some((each) => each instanceof TimeoutFailure);

/**
 * The cancellation that an error comes of, if it does. A step that fails while it is being cancelled is not tried again, so
 * what would have passed by itself then ends the run; it was cancelled all the same.
 */
export function cancellationIn(error: unknown): Error | undefined {
  if (error instanceof Error && isCancellation(error)) return error;
  const wouldGoOn = hasTimedOut(error) || detailsOf(codedFailureIn(error))?.remedy === 'retry';
  return CancellationScope.current().consideredCancelled && wouldGoOn
    ? new CancelledFailure('The upload was cancelled', [], error as Error)
    : undefined;
}

/** The failure that the workflow ends with: the step's own code and words, not "Activity task failed". */
export function workflowFailure(error: unknown, fileName: string): ApplicationFailure {
  const coded = codedFailureIn(error);
  const { type, message } = coded ?? uncoded(error, fileName);
  return ApplicationFailure.create({
    type: type ?? 'INTERNAL',
    message,
    nonRetryable: true,
    details: coded?.details ?? [{ code: type ?? 'INTERNAL', remedy: 'final' } satisfies FailureDetails],
    ...(error instanceof Error ? { cause: error } : {}),
  });
}

function uncoded(error: unknown, fileName: string): { type: string; message: string } {
  if (hasTimedOut(error)) {
    const message = `${fileName}: a step did not get done in all the time it was given. See that a worker is running and what it logged; then replay.`;
    return { type: 'STEP_TIMED_OUT', message };
  }
  const deepest = causes(error).at(-1);
  return {
    type: 'INTERNAL',
    message: `${fileName}: ${deepest instanceof Error ? deepest.message : String(deepest)}`,
  };
}

function codedFailureIn(error: unknown): ApplicationFailure | undefined {
  return causes(error).find(
    (each) => each instanceof ApplicationFailure && detailsOf(each)?.code !== undefined,
  ) as ApplicationFailure | undefined;
}

function detailsOf(failure: ApplicationFailure | undefined): FailureDetails | undefined {
  return failure?.details?.[0] as FailureDetails | undefined;
}

/** An error, and what caused it, and what caused that. */
function causes(error: unknown): unknown[] {
  return error instanceof Error && error.cause !== undefined ? [error, ...causes(error.cause)] : [error];
}
