import { ApplicationFailure, activityInfo, log } from '@temporalio/activity';
import { ApplicationFailureCategory, TemporalFailure } from '@temporalio/common';
import { errorTable, type Remedy, UploadError, withReplayHint } from '../contract/errors.js';
import { WORKFLOW_TYPE } from '../contract/names.js';
import type { FailureDetails } from '../contract/steps.js';
import { printable } from '../util/printable.js';
import { shortenText } from '../util/shorten-text.js';
import type { StartHeartbeat } from './start-attempt.js';
import { ageMs } from './step-age.js';

/**
 * Wraps an activity so that its failures have a code of the error table as their type, and name the file.
 *
 * @param onFailure called with each failure, and the input of the attempt, before the attempt ends. Default: nothing is
 */
export function withErrorCodes<Inputs extends unknown[], Result>(
  activity: (...inputs: Inputs) => Promise<Result>,
  onFailure?: (failure: unknown, input: unknown) => Promise<void>,
): (...inputs: Inputs) => Promise<Result> {
  return async (...inputs) => {
    try {
      return await activity(...inputs);
    } catch (error) {
      const failure = toFailure(error, fileNameIn(inputs[0]));
      await onFailure?.(failure, inputs[0]);
      throw failure;
    }
  };
}

/** Returns the failure that Temporal stores for an error: an {@link UploadError} keeps its code and message. */
export function toFailure(error: unknown, fileName: string | undefined): unknown {
  if (error instanceof TemporalFailure) return error;
  if (!(error instanceof UploadError)) {
    log.error('Unexpected error', { error });
    return toFailure(new UploadError('INTERNAL', shortenText(String(error))), fileName);
  }
  const { code, message, details, retryAfterMs } = error;
  const remedy = remedyNow(error.remedy);
  const name = fileName === undefined ? undefined : printable(fileName);
  const named = name === undefined || message.includes(name) ? message : `${name}: ${message}`;
  const isOfUpload = activityInfo().workflowType === WORKFLOW_TYPE;
  return ApplicationFailure.create({
    type: code,
    message: isOfUpload && remedy === 'final' ? withReplayHint(code, named) : named,
    nonRetryable: remedy !== 'retry',
    details: [{ code, remedy, ...details } satisfies FailureDetails],
    nextRetryDelay: retryAfterMs || backoffMs(),
    ...(errorTable[code].isProgress ? { category: ApplicationFailureCategory.BENIGN } : {}),
  });
}

const BRIEFLY_MS = 5 * 60_000;
const MIN_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 5 * 60_000;

/**
 * Returns the remedy for this attempt: what is retried briefly is final once the step is old enough. A start that has waited for
 * its turn is old without having failed, so it is retried.
 */
function remedyNow(remedy: Remedy): FailureDetails['remedy'] {
  if (remedy !== 'retry-briefly') return remedy;
  if ((activityInfo().heartbeatDetails as StartHeartbeat | undefined)?.waits) return 'retry';
  return ageMs() < BRIEFLY_MS ? 'retry' : 'final';
}

/**
 * Returns the delay before the next attempt. It doubles with each attempt up to five minutes, but is never longer than the
 * step has been tried so far: attempts that only waited a moment for something else do not lengthen it.
 */
const backoffMs = (): number =>
  Math.min(2 ** (activityInfo().attempt - 1) * MIN_BACKOFF_MS, MIN_BACKOFF_MS + ageMs(), MAX_BACKOFF_MS);

function fileNameIn(input: unknown): string | undefined {
  const { fileName, request } = (input ?? {}) as { fileName?: string; request?: { fileName?: string } };
  return request?.fileName ?? fileName;
}
