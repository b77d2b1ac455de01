import { activityInfo, log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { type ErrorCode, errorTable, isErrorCode } from '../contract/errors.js';
import { type FailingStep, isReported, STEP_FAILS_SIGNAL } from '../contract/failing-step.js';
import { WORKFLOW_TYPE } from '../contract/names.js';
import { signalOwnRun } from './signal-own-run.js';

/**
 * Signals the workflow that a step fails again and again.
 *
 * @throws Error if Temporal does not respond, or the run has closed
 */
export const reportFailing = (report: FailingStep): Promise<void> => signalOwnRun(STEP_FAILS_SIGNAL, report);

/** Longest time that a report may delay the end of an attempt, in milliseconds. */
const REPORT_LIMIT_MS = 5_000;

/** A run shows by itself that its starts wait. */
const SHOWN_OTHERWISE: readonly ErrorCode[] = ['EXECUTIONS_LIMITED'];

/** Reports a failed attempt if it is one of those that are reported. The attempt fails in the same way if that is not possible. */
export async function reportIfFailing(
  failure: unknown,
  input: unknown,
  report: (report: FailingStep) => Promise<void>,
): Promise<void> {
  const { activityType: step, attempt, workflowType, isLocal } = activityInfo();
  if (!(failure instanceof ApplicationFailure) || failure.nonRetryable) return;
  const { type: code, message } = failure;
  if (isLocal || workflowType !== WORKFLOW_TYPE || !isReported(attempt) || !isErrorCode(code)) return;
  if (errorTable[code].isProgress || SHOWN_OTHERWISE.includes(code)) return;
  const { label } = (input ?? {}) as { label?: unknown };
  try {
    await within(
      REPORT_LIMIT_MS,
      report({ step, code, message, attempt, ...(typeof label === 'string' ? { label } : {}) }),
    );
  } catch (error) {
    log.debug('The workflow does not know that the step fails', { error });
  }
}

async function within(limitMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  try {
    await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
