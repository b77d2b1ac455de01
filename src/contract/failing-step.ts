import type { ErrorCode } from './error-table.js';

/** Signal of a worker that a step of the run fails again and again. Takes one {@link FailingStep}. */
export const STEP_FAILS_SIGNAL = 'stepFails';

/** Argument of the signal `stepFails`. */
export interface FailingStep {
  /** Activity type, e.g. `uploadFile`. */
  readonly step: string;
  /** Label of the execution, for a step of one execution. */
  readonly label?: string;
  /** Code of the last error. */
  readonly code: ErrorCode;
  /** Last error: what happened, to which file, and what to do. */
  readonly message: string;
  /** Number of the attempt that failed. */
  readonly attempt: number;
}

/** Attempt after which a failing step is reported first, about half a minute after the step began. */
const FIRST_REPORT = 6;
/** Growth from one report to the next: a step that fails for seven days is reported five times. */
const GROWTH = 4;

/** Reports whether an attempt that failed is reported to the workflow. A report costs events, so there are few of them. */
export function isReported(attempt: number): boolean {
  let next = FIRST_REPORT;
  while (next < attempt) next *= GROWTH;
  return next === attempt;
}

const MAX_MESSAGE_LENGTH = 2_000;
const CODE = /^[A-Z][A-Z\d_]{1,63}$/;

/** Validates the argument of `stepFails`, which anybody may send. Returns `undefined` if it is invalid. Safe for workflow code. */
export function parseFailingStep(input: unknown): FailingStep | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  const { step, label, code, message, attempt } = input as Record<string, unknown>;
  const isValid =
    typeof step === 'string' &&
    (label === undefined || typeof label === 'string') &&
    typeof code === 'string' &&
    CODE.test(code) &&
    typeof message === 'string' &&
    typeof attempt === 'number' &&
    Number.isSafeInteger(attempt);
  if (!isValid) return undefined;
  return {
    step,
    ...(label === undefined ? {} : { label }),
    code: code as ErrorCode,
    message: message.slice(0, MAX_MESSAGE_LENGTH),
    attempt,
  };
}
