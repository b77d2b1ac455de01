import { UploadError } from '../contract/errors.js';
import { endOf } from '../contract/execution-status.js';
import { shortenText } from '../util/shorten-text.js';
import type { ExecutionRecord } from './api.js';

/** Returns the error for an execution whose results Aplos does not offer. */
export function resultsUnavailable({ executionId, status, errors }: ExecutionRecord): UploadError {
  const end = endOf(status);
  const reasons = errors.length > 0 ? ` (${shortenText(errors.join('; '))})` : '';
  const happened =
    end === 'succeeded'
      ? `Aplos offers no link to the results of execution ${executionId}, although its status is "${shortenText(status)}"`
      : `Aplos has no results of execution ${executionId}: its status is "${shortenText(status)}"${reasons}`;
  return new UploadError('RESULTS_UNAVAILABLE', happened, {
    details: { executionId, status: shortenText(status), ...(end === undefined ? { isPending: true } : {}) },
    final: end !== undefined && end !== 'succeeded',
  });
}

/** Returns the error for results that the subscription does not allow to be downloaded. */
export const resultsForbidden = (executionId: string, reason: string, cause?: unknown): UploadError =>
  new UploadError(
    'RESULTS_FORBIDDEN',
    `Aplos does not hand out the results of execution ${executionId}: ${reason}`,
    {
      cause,
      details: { executionId },
    },
  );

/** Returns the error for a refused request for results: a restricted subscription has a code of its own there. */
export const asRefusalOfResults = (error: unknown, executionId: string): unknown =>
  error instanceof UploadError && error.code === 'SUBSCRIPTION_RESTRICTED'
    ? resultsForbidden(executionId, error.happened, error)
    : error;
