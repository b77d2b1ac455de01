import { ApplicationFailure, uuid4, type WorkflowInterceptors } from '@temporalio/workflow';
import { errorTable } from '../contract/error-table.js';
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
  causes(error).some((each) => each instanceof ApplicationFailure && !isEncrypted(each));

function isEncrypted({ failure }: ApplicationFailure): boolean {
  const { encodedAttributes, applicationFailureInfo } = failure ?? {};
  const details = applicationFailureInfo?.details?.payloads ?? [];
  const payloads = encodedAttributes ? [encodedAttributes, ...details] : details;
  return payloads.length > 0 && !payloads.some(isMarkedUntrusted);
}

function untrusted(happened: string, cause?: unknown): ApplicationFailure {
  return finalFailure('PAYLOAD_UNTRUSTED', `${happened}. ${errorTable.PAYLOAD_UNTRUSTED.action}`, cause);
}
