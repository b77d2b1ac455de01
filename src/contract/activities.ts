import type { CancellationActivities } from './cancellation.js';
import type { FetchActivities } from './fetch-request.js';
import {
  BATCH_WEBHOOK_WORKFLOW_TYPE,
  CANCEL_WORKFLOW_TYPE,
  PREVIEW_WORKFLOW_TYPE,
  RESULTS_WORKFLOW_TYPE,
  SUBSCRIPTION_WORKFLOW_TYPE,
  WEBHOOK_WORKFLOW_TYPE,
  WORKFLOW_TYPE,
} from './names.js';
import type { PreviewActivities } from './preview.js';
import type { UploadActivities } from './steps.js';
import type { SubscriptionActivities } from './subscription.js';
import type { WebhookActivities } from './webhooks.js';

/** The activities of all workflows. */
export type AllActivities = UploadActivities &
  CancellationActivities &
  PreviewActivities &
  SubscriptionActivities &
  WebhookActivities &
  FetchActivities;

/** The activities that each workflow type may call. */
const activitiesOf: ReadonlyMap<string, readonly (keyof AllActivities)[]> = new Map([
  [
    WORKFLOW_TYPE,
    [
      'checkRequest',
      'lookForWorker',
      'findEarlierUpload',
      'presignUpload',
      'uploadFile',
      'confirmUpload',
      'confirmStoredFile',
      'startExecution',
      'awaitExecution',
      'fetchResults',
      'writeRecord',
    ],
  ],
  [CANCEL_WORKFLOW_TYPE, ['checkCancellation', 'cancelExecution']],
  [RESULTS_WORKFLOW_TYPE, ['checkFetchRequest', 'lookForWorker', 'fetchResults']],
  [PREVIEW_WORKFLOW_TYPE, ['findAnalyses']],
  [SUBSCRIPTION_WORKFLOW_TYPE, ['readSubscription']],
  [WEBHOOK_WORKFLOW_TYPE, ['sendWebhook', 'watchBatches']],
  [BATCH_WEBHOOK_WORKFLOW_TYPE, ['awaitBatch', 'sendBatchWebhook']],
]);

/** Types of all workflows and activities of a worker. */
export const TYPES: readonly string[] = [...activitiesOf].flatMap(([workflow, activities]) => [
  workflow,
  ...activities,
]);

/** Reports whether a workflow type may call an activity. */
export const mayCall = (workflowType: string, activityType: string): boolean =>
  activitiesOf.get(workflowType)?.some((name) => name === activityType) ?? false;
