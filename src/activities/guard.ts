import type { Info } from '@temporalio/activity';
import { RawValue } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { mayCall } from '../contract/activities.js';
import { UploadError } from '../contract/errors.js';
import type { FailureDetails } from '../contract/steps.js';
import { whyUntrusted } from '../contract/untrusted.js';
import { shortenText } from '../util/shorten-text.js';
import { toFailure } from './failures.js';
import { whyUntrustedInput } from './raw-input.js';

/**
 * Checks each attempt of an activity before anything else: that a workflow called it that may, and that its input and the
 * heartbeat of the attempt before were encrypted for it.
 *
 * @param options `keepsRecords`: whether the worker writes records, which a run without a request cannot know otherwise
 */
export const guardActivities =
  ({ keepsRecords }: { readonly keepsRecords: boolean }): ActivityInterceptorsFactory =>
  ({ info }) => ({
    inbound: {
      execute: async (input, next) => {
        try {
          assertMayCall(info);
          assertTrusted(info, input.args, keepsRecords ? { keepsRecords } : {});
        } catch (error) {
          throw toFailure(error, undefined);
        }
        return next(input);
      },
    },
  });

function assertMayCall({ activityType, workflowType }: Info): void {
  if (workflowType !== undefined && mayCall(workflowType, activityType)) return;
  const caller = workflowType
    ? `by a workflow of the type "${shortenText(workflowType)}"`
    : 'without a workflow';
  throw new UploadError('ACTIVITY_FORBIDDEN', `The activity ${activityType} was called ${caller}`);
}

function assertTrusted(
  { activityType, heartbeatDetails }: Info,
  args: readonly unknown[],
  details: Pick<FailureDetails, 'keepsRecords'>,
): void {
  const reasonFor = (what: string, value: unknown) => {
    const reason = whyUntrusted(value);
    return reason && `${what} of ${activityType} ${reason}`;
  };
  const reasons = [
    ...args.map((value) =>
      value instanceof RawValue ? whyUntrustedInput(value, activityType) : reasonFor('The input', value),
    ),
    reasonFor('The last heartbeat', heartbeatDetails),
  ];
  const [happened] = reasons.filter((reason) => reason !== undefined);
  if (happened !== undefined) throw new UploadError('PAYLOAD_UNTRUSTED', happened, { details });
}
