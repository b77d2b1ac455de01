import { activityInfo, getClient } from '@temporalio/activity';
import { ActivityCancelledError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { UploadError } from '../contract/errors.js';
import { shortenText } from '../util/shorten-text.js';

/**
 * Records a heartbeat with Temporal at once, instead of leaving it to the SDK, which throttles heartbeats. Once this
 * returns, Temporal has the details, and has confirmed that the attempt is the current one.
 *
 * @throws UploadError `START_NOT_SENT` if another attempt has taken over, the run has closed, or Temporal does not respond
 * @throws CancelledFailure if the activity is cancelled
 */
export async function recordHeartbeat(details: unknown): Promise<void> {
  const { taskToken, namespace, activityId, workflowExecution } = activityInfo();
  const serializationContext = {
    type: 'activity',
    namespace,
    activityId,
    workflowId: workflowExecution?.workflowId ?? '',
    isLocal: false,
  } as const;
  try {
    await getClient().activity.heartbeat(taskToken, details, { serializationContext });
  } catch (error) {
    if (error instanceof ActivityCancelledError) throw new CancelledFailure('The start was cancelled');
    throw new UploadError(
      'START_NOT_SENT',
      `The start was not sent, as Temporal did not confirm this attempt (${shortenText(String(error))})`,
      { cause: error },
    );
  }
}
