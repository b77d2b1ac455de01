import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { UploadActivities } from '../contract/steps.js';

/** An outage may last a long weekend, and the upload goes on by itself when it is over. */
const persistent = {
  scheduleToCloseTimeout: '7 days',
  heartbeatTimeout: '20 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '5 minutes' },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
} as const;

export const { checkRequest } = proxyLocalActivities<UploadActivities>({ startToCloseTimeout: '10 seconds' });
/** Failing, it says nothing; the next look may. */
export const { lookForWorker } = proxyLocalActivities<UploadActivities>({
  startToCloseTimeout: '5 seconds',
  retry: { maximumAttempts: 1 },
});
export const { presignUpload } = proxyActivities<UploadActivities>({
  ...persistent,
  startToCloseTimeout: '2 minutes',
});
export const { uploadFile } = proxyActivities<UploadActivities>(persistent);
export const { confirmUpload } = proxyActivities<UploadActivities>({
  ...persistent,
  startToCloseTimeout: '2 minutes',
});
export const { startExecution } = proxyActivities<UploadActivities>({
  ...persistent,
  startToCloseTimeout: '5 minutes',
});

/** How many presigned forms may be refused, or lead to damaged bytes, though their time was not over. */
export const MAX_REFUSED_POSTS = 5;
