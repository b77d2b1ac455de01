import { ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { FailureDetails } from '../contract/steps.js';

/** Whether a new presigned POST is the way on. */
export const needsNewPresign = (error: unknown): boolean =>
  detailsOf(codedFailureIn(error))?.remedy === 'presign-again';

/** The failure that the workflow ends with: the step's own code and words, not "Activity task failed". */
export function workflowFailure(error: unknown, fileName: string): ApplicationFailure {
  const coded = codedFailureIn(error);
  const timeout = causes(error).find((each) => each instanceof TimeoutFailure);
  const type = coded?.type ?? (timeout ? 'STEP_TIMED_OUT' : 'INTERNAL');
  const own =
    coded?.message ??
    `${fileName}: ${timeout ? 'a step did not get done in all the time it was given. See that a worker is running and what it logged; then replay.' : describe(error)}`;
  return ApplicationFailure.create({
    type,
    message: own,
    nonRetryable: true,
    details: coded?.details ?? [{ code: type, remedy: 'final' } satisfies FailureDetails],
    ...(error instanceof Error ? { cause: error } : {}),
  });
}

function codedFailureIn(error: unknown): ApplicationFailure | undefined {
  return causes(error).find((each) => each instanceof ApplicationFailure);
}

function detailsOf(failure: ApplicationFailure | undefined): FailureDetails | undefined {
  return failure?.details?.[0] as FailureDetails | undefined;
}

function causes(error: unknown): unknown[] {
  return error instanceof Error ? [error, ...causes(error.cause)] : [error];
}

const describe = (error: unknown) => (error instanceof Error ? error.message : String(error));
