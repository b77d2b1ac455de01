import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { UploadActivities } from '../contract/steps.js';

/** An outage may last a long weekend, and the upload goes on by itself when it is over. */
const persistent = {
  scheduleToCloseTimeout: '7 days',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '5 minutes' },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
} as const;

export const { checkRequest } = proxyLocalActivities<UploadActivities>({ startToCloseTimeout: '10 seconds' });

/** One attempt is given up, and the next one begins elsewhere, after… */
export const { presignUpload } = proxyActivities<UploadActivities>({
  ...persistent,
  startToCloseTimeout: '2 minutes',
});
export const { uploadFile } = proxyActivities<UploadActivities>({
  ...persistent,
  heartbeatTimeout: '30 seconds',
});
export const { confirmUpload } = proxyActivities<UploadActivities>({
  ...persistent,
  startToCloseTimeout: '2 minutes',
});
export const { startExecution } = proxyActivities<UploadActivities>({
  ...persistent,
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '20 seconds',
});

/** How often a file is presigned, at the most: anew when the form expired or the bytes arrived damaged. */
export const MOST_PRESIGNS = 5;
