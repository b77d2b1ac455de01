import { ApplicationFailure, uuid4, type WorkflowInterceptors } from '@temporalio/workflow';
import { errorTable, isErrorCode } from '../contract/error-table.js';
import type { FailureDetails } from '../contract/steps.js';
import { isMarkedUntrusted, whyNoResult, whyUntrusted } from '../contract/untrusted.js';
import { causes, finalFailure } from './failures.js';

/**
 * Fails a run if the result or the failure of an activity was not encrypted for it: somebody without the key may have
 * completed the activity. Each activity gets an ID that no other has, also in other runs of the workflow ID, so that nothing
 * of another run is accepted. Part of the bundle for workers with a key.
 */
export const interceptors = (): WorkflowInterceptors => ({
  outbound: [
    {
      scheduleActivity: (input, next) => {
        const options = { ...input.options, activityId: uuid4() };
        return trustedResult(input.activityType, next({ ...input, options }), whyNoResult);
      },
      scheduleLocalActivity: (input, next) =>
        trustedResult(input.activityType, next(input), whyNoLocalResult),
    },
  ],
});

/** Temporal accepts the result of a local activity from workers only. */
const whyNoLocalResult = (value: unknown) => (value === undefined ? 'is missing' : whyUntrusted(value));

async function trustedResult(
  activity: string,
  result: Promise<unknown>,
  whyNot: (value: unknown) => string | undefined,
): Promise<unknown> {
  const value = await result.catch((error: unknown) => {
    throw isForged(error) ? untrusted(`The failure of ${activity} is not encrypted`, error) : error;
  });
  const reason = whyNot(value);
  if (reason !== undefined) throw untrusted(`The result of ${activity} ${reason}`);
  return value;
}

/**
 * Reports whether somebody without the key reported a failure, such as a worker that lacks it. Timeouts and cancellations come from
 * Temporal itself.
 */
const isForged = (error: unknown): boolean =>
  causes(error).some((each) => each instanceof ApplicationFailure && !isFromWorker(each));

/**
 * Reports whether a failure was encrypted for its activity. So are its input and its heartbeats, but only the details of a failure have a
 * code. The message is encrypted as well, unless the request is invalid.
 */
function isFromWorker({ failure, details }: ApplicationFailure): boolean {
  const { encodedAttributes, applicationFailureInfo } = failure ?? {};
  const { code } = (details?.[0] ?? {}) as Partial<FailureDetails>;
  if (!isErrorCode(code) || !(encodedAttributes || code === 'REQUEST_INVALID')) return false;
  const payloads = [encodedAttributes ?? [], applicationFailureInfo?.details?.payloads ?? []].flat();
  return !payloads.some(isMarkedUntrusted);
}

function untrusted(happened: string, cause?: unknown): ApplicationFailure {
  return finalFailure('PAYLOAD_UNTRUSTED', `${happened}. ${errorTable.PAYLOAD_UNTRUSTED.action}`, cause);
}
