import { ApplicationFailure, type WorkflowInterceptors } from '@temporalio/workflow';
import { type ErrorCode, errorTable } from '../contract/error-table.js';
import { isMarkedUntrusted, whyUntrusted } from '../contract/untrusted.js';
import { causes, finalFailure } from './failures.js';

/**
 * Fails a run if the result or the failure of an activity was not encrypted for it: somebody without the key may have
 * completed the activity. Part of the bundle for workers with a key.
 */
export const interceptors = (): WorkflowInterceptors => ({
  outbound: [
    {
      scheduleActivity: (input, next) => trustedResult(input.activityType, next(input)),
      scheduleLocalActivity: (input, next) => trustedResult(input.activityType, next(input)),
    },
  ],
});

async function trustedResult(activity: string, result: Promise<unknown>): Promise<unknown> {
  const value = await result.catch((error: unknown) => {
    throw isForged(error) ? untrusted(`The failure of ${activity} is not encrypted`, error) : error;
  });
  const reason = value === undefined ? 'is missing' : whyUntrusted(value);
  if (reason !== undefined) throw untrusted(`The result of ${activity} ${reason}`);
  return value;
}

/** Reports whether somebody without the key reported a failure. Timeouts and cancellations come from Temporal itself. */
const isForged = (error: unknown): boolean =>
  causes(error).some((each) => each instanceof ApplicationFailure && !isEncrypted(each));

function isEncrypted({ type, failure }: ApplicationFailure): boolean {
  const { encodedAttributes, applicationFailureInfo } = failure ?? {};
  const details = applicationFailureInfo?.details?.payloads ?? [];
  const payloads = encodedAttributes ? [encodedAttributes, ...details] : details;
  // A worker that lacks the key says so without encryption. Nothing depends on it.
  return payloads.length === 0 ? type === MISSING_KEY : !payloads.some(isMarkedUntrusted);
}

const MISSING_KEY = 'PAYLOAD_UNREADABLE' satisfies ErrorCode;

function untrusted(happened: string, cause?: unknown): ApplicationFailure {
  return finalFailure('PAYLOAD_UNTRUSTED', `${happened}. ${errorTable.PAYLOAD_UNTRUSTED.action}`, cause);
}
