import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { CancellationActivities } from '../contract/cancellation.js';
import type { FetchActivities } from '../contract/fetch-request.js';
import type { PreviewActivities } from '../contract/preview.js';
import type { UploadActivities } from '../contract/steps.js';
import type { SubscriptionActivities } from '../contract/subscription.js';
import type { WebhookActivities } from '../contract/webhooks.js';
import { escapeMarkdown } from '../util/escape-markdown.js';

/**
 * Retries a step long enough to survive an outage of several days. A step that fails sets its own interval (see
 * activities/failures.ts), so these intervals are for a worker that died or cannot read a payload.
 */
const persistent = {
  scheduleToCloseTimeout: '7 days',
  heartbeatTimeout: '20 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
} as const;

/** Timeouts and retries of each step. `uploadFile` has no limit per attempt: it stops when there is no progress, however large the file is. */
const policies = {
  findEarlierUpload: { ...persistent, startToCloseTimeout: '2 minutes' },
  presignUpload: { ...persistent, startToCloseTimeout: '2 minutes' },
  uploadFile: persistent,
  confirmUpload: { ...persistent, startToCloseTimeout: '2 minutes' },
  confirmStoredFile: { ...persistent, startToCloseTimeout: '2 minutes' },
  // A large batch may have to wait for days until Aplos has taken all starts before.
  startExecution: { ...persistent, scheduleToCloseTimeout: '30 days', startToCloseTimeout: '10 minutes' },
  // No limit per attempt: it stops when there is no progress, however large the package is.
  fetchResults: persistent,
  // An attempt checks once, so it needs no heartbeats. The request sets the time limit of the step.
  awaitExecution: {
    startToCloseTimeout: '2 minutes',
    retry: persistent.retry,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
  },
  // No limit of the whole step: a run does not end before its record is written.
  writeRecord: {
    startToCloseTimeout: '2 minutes',
    heartbeatTimeout: persistent.heartbeatTimeout,
    retry: persistent.retry,
  },
  cancelExecution: {
    scheduleToCloseTimeout: '1 day',
    startToCloseTimeout: '2 minutes',
    retry: persistent.retry,
  },
} as const;

/** Maximum number of presigned POSTs that S3 refuses, or that store damaged bytes, before they expire. */
export const MAX_REFUSED_POSTS = 5;

type File = { readonly fileName: string; readonly host?: string | undefined };
const onHost = ({ host }: File) => (host === undefined ? '' : `, on ${escapeMarkdown(host)}`);
const name = ({ fileName }: File) => escapeMarkdown(fileName);

/** Texts that the Temporal UI shows for each step and timer, as Markdown. */
export const summaries = {
  findEarlierUpload: (file: File) => `check whether Aplos still has ${name(file)} and its executions`,
  presignUpload: (file: File) => `presigned POST for ${name(file)}${onHost(file)}`,
  uploadFile: (file: File, sizeBytes: number | undefined) =>
    `${name(file)}, ${sizeBytes?.toLocaleString('en') ?? 'an unknown number of'} bytes${onHost(file)}`,
  confirmUpload: (file: File) => `verify that ${name(file)} is stored intact`,
  confirmStoredFile: (file: File) => `verify that Aplos has ${name(file)}`,
  nextPresign: (file: File) => `until the next presigned POST for ${name(file)}`,
  startExecution: (file: File, label: string) => `${escapeMarkdown(label)} on ${name(file)}`,
  awaitExecution: (file: File, label: string) =>
    `wait for the end of ${escapeMarkdown(label)} on ${name(file)}`,
  fetchResults: (file: File, label: string) =>
    `results of ${escapeMarkdown(label)} on ${name(file)}${onHost(file)}`,
  writeRecord: ({ fileName }: Pick<File, 'fileName'>) => `record of ${escapeMarkdown(fileName)}`,
  nextRecord: ({ fileName }: Pick<File, 'fileName'>) =>
    `until the record of ${escapeMarkdown(fileName)} is written again`,
  cancelExecution: ({ fileName }: Pick<File, 'fileName'>, label: string) =>
    `cancel ${escapeMarkdown(label)} on ${escapeMarkdown(fileName)}`,
  nextWorkerCheck: (host: string) => `until the next check for a worker on ${escapeMarkdown(host)}`,
};

export const { checkFetchRequest } = proxyLocalActivities<FetchActivities>({
  startToCloseTimeout: '10 seconds',
});
export const { checkRequest } = proxyLocalActivities<UploadActivities>({ startToCloseTimeout: '10 seconds' });
/** Confirms an upload within the workflow task. Whatever this does not confirm at once is left to the step of its own. */
export const { confirmUpload: confirmAtOnce } = proxyLocalActivities<UploadActivities>({
  startToCloseTimeout: '5 seconds',
  retry: { maximumAttempts: 1 },
});
/** A failure of this check means nothing, so it is not retried: the next check follows soon. */
export const { lookForWorker } = proxyLocalActivities<UploadActivities>({
  startToCloseTimeout: '5 seconds',
  retry: { maximumAttempts: 1 },
});
export const { findEarlierUpload } = proxyActivities<UploadActivities>(policies.findEarlierUpload);
export const { presignUpload } = proxyActivities<UploadActivities>(policies.presignUpload);
export const { uploadFile } = proxyActivities<UploadActivities>(policies.uploadFile);
export const { confirmUpload } = proxyActivities<UploadActivities>(policies.confirmUpload);
export const { confirmStoredFile } = proxyActivities<UploadActivities>(policies.confirmStoredFile);
export const { startExecution } = proxyActivities<UploadActivities>(policies.startExecution);
export const { awaitExecution } = proxyActivities<UploadActivities>(policies.awaitExecution);
export const { fetchResults } = proxyActivities<UploadActivities>(policies.fetchResults);
export const { writeRecord } = proxyActivities<UploadActivities>(policies.writeRecord);
export const { checkCancellation } = proxyLocalActivities<CancellationActivities>({
  startToCloseTimeout: '10 seconds',
});
export const { cancelExecution } = proxyActivities<CancellationActivities>(policies.cancelExecution);
/** A receiver may be down for a day. Its webhooks are then sent, or the workflow fails. */
const forWebhooks = {
  retry: persistent.retry,
  scheduleToCloseTimeout: '1 day',
  startToCloseTimeout: '1 minute',
} as const;
export const { sendWebhook, sendBatchWebhook } = proxyActivities<WebhookActivities>({
  ...forWebhooks,
  summary: 'send the webhook',
});
export const { watchBatches } = proxyActivities<WebhookActivities>({
  ...forWebhooks,
  summary: 'have the batches watched',
});
/** An upload may take as long as it waits for executions. */
export const { awaitBatch } = proxyActivities<WebhookActivities>({
  retry: persistent.retry,
  scheduleToCloseTimeout: '500 days',
  startToCloseTimeout: '5 minutes',
  summary: 'check whether the last upload of the batch has ended',
});
/** Somebody waits for the result, so these fail soon, and another worker takes over early. */
const forPreviews = {
  scheduleToCloseTimeout: '30 seconds',
  heartbeatTimeout: '10 seconds',
  retry: { maximumAttempts: 2 },
} as const;
export const { readSubscription } = proxyActivities<SubscriptionActivities>({
  ...forPreviews,
  summary: 'read what the subscription has left',
});
export const { findAnalyses } = proxyActivities<PreviewActivities>({
  ...forPreviews,
  summary: 'look up analyses in the list of executions',
});
