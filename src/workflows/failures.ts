import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  TimeoutFailure,
} from '@temporalio/workflow';
import {
  type ErrorCode,
  errorTable,
  isErrorCode,
  withNextCommand,
  withReplayHint,
} from '../contract/error-table.js';
import { executionProgressText, parseExecutionProgress } from '../contract/execution-progress.js';
import { setReadableHint } from '../contract/readable-hint.js';
import type { FailureDetails } from '../contract/steps.js';
import { printable } from '../util/printable.js';

/** Reports whether a step failed in a way that a new presigned POST can fix. */
export const needsNewPresignedPost = (error: unknown): boolean =>
  detailsOf(codedFailureIn(error))?.remedy === 'presign-again';

/** Reports whether an upload failed before its presigned POST was sent. */
export const wasNotSent = (error: unknown): boolean => detailsOf(codedFailureIn(error))?.notSent === true;

/** Reports whether Aplos may have started an execution although the step failed. */
export function mayHaveStarted(error: unknown): boolean {
  const code = detailsOf(codedFailureIn(error))?.code;
  return hasTimedOut(error) || (isErrorCode(code) && errorTable[code].mayHaveStarted);
}

/** Reports whether a worker that keeps records refused the request. */
export const keepsRecords = (error: unknown): boolean =>
  detailsOf(codedFailureIn(error))?.keepsRecords === true;

/** Reports whether a step timed out without a failure of its own. */
export const hasTimedOut = (error: unknown): boolean =>
  codedFailureIn(error) === undefined && causes(error).some((each) => each instanceof TimeoutFailure);

/**
 * Returns the cancellation that a run ends with because of an error, or `undefined` if the run failed. Temporal does not retry a
 * step that fails while it is being cancelled, so an error that would have been retried counts as the cancellation.
 */
export function cancellationFor(error: unknown): Error | undefined {
  if (error instanceof Error && isCancellation(error)) return error;
  const isTransient = hasTimedOut(error) || detailsOf(codedFailureIn(error))?.remedy === 'retry';
  return CancellationScope.current().consideredCancelled && isTransient
    ? new CancelledFailure('The upload was cancelled', [], error as Error)
    : undefined;
}

/**
 * Returns the failure that the workflow ends with: the code and message of the step instead of "Activity task failed".
 *
 * @param nextCommand returns the command to run after the cause is fixed. The first page of the run in the Temporal UI shows it.
 *   Default: none
 */
export function workflowFailure(
  error: unknown,
  fileName: string,
  nextCommand: (code: string) => string | undefined = () => undefined,
): ApplicationFailure {
  const failure = failureOf(error, fileName);
  const command = nextCommand(failure.type ?? '');
  if (command === undefined) return failure;
  failure.message = withNextCommand(failure.message, command);
  setReadableHint(failure, `Run: ${command}`);
  return failure;
}

function failureOf(error: unknown, fileName: string): ApplicationFailure {
  const coded = codedFailureIn(error);
  if (coded)
    return ApplicationFailure.create({
      type: detailsOf(coded)?.code ?? 'INTERNAL', // the type of a failure is never encrypted
      message: coded.message,
      nonRetryable: true,
      details: coded.details ?? [],
      ...(error instanceof Error ? { cause: error } : {}),
    });
  if (hasTimedOut(error)) {
    const { meaning, action } = errorTable.STEP_TIMED_OUT;
    return finalFailure(
      'STEP_TIMED_OUT',
      withReplayHint('STEP_TIMED_OUT', `${fileName}: ${meaning} ${action}`),
      error,
    );
  }
  return finalFailure('INTERNAL', `${fileName}: ${reasonOf(error)}`, error);
}

/** Returns the message of the deepest cause of an error. */
export function reasonOf(error: unknown): string {
  const deepest = causes(error).at(-1);
  return deepest instanceof Error ? deepest.message : String(deepest);
}

/** Returns a failure with a code of the error table that Temporal does not retry. */
export const finalFailure = (code: ErrorCode, message: string, cause: unknown): ApplicationFailure =>
  ApplicationFailure.create({
    type: code,
    message: printable(message),
    nonRetryable: true,
    details: [{ code, remedy: 'final' } satisfies FailureDetails],
    ...(cause instanceof Error ? { cause } : {}),
  });

/**
 * Returns the failure of a wait for the end of an execution. If the wait ended because of its time limit, that is the reason,
 * whatever the last check found.
 */
export function completionFailure(error: unknown, what: string): unknown {
  const coded = codedFailureIn(error);
  const isTransient = detailsOf(coded)?.remedy === 'retry';
  if (!hasTimedOut(error) && !isTransient) return error;
  if (cancellationFor(error)) return error;
  const { action } = errorTable.COMPLETION_TIMED_OUT;
  const progress = parseExecutionProgress(detailsOf(coded));
  const last = progress ? executionProgressText(progress) : coded?.message;
  return finalFailure(
    'COMPLETION_TIMED_OUT',
    withReplayHint(
      'COMPLETION_TIMED_OUT',
      `${what} did not end within the time limit of the request${last === undefined ? '' : ` (last check: ${last.replace(/\.$/, '')})`}. ${action}`,
    ),
    error,
  );
}

function codedFailureIn(error: unknown): ApplicationFailure | undefined {
  return causes(error).find(
    (each) => each instanceof ApplicationFailure && detailsOf(each)?.code !== undefined,
  ) as ApplicationFailure | undefined;
}

function detailsOf(failure: ApplicationFailure | undefined): FailureDetails | undefined {
  return failure?.details?.[0] as FailureDetails | undefined;
}

/** Returns an error and its chain of causes, the deepest cause last. */
export function causes(error: unknown): unknown[] {
  return error instanceof Error && error.cause !== undefined ? [error, ...causes(error.cause)] : [error];
}
