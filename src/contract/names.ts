/** Names in the interface of the workflow. Other programs type them, so they do not change. */

/** Task queue that workers poll and clients start workflows on. */
export const TASK_QUEUE = 'aplos-upload';

/**
 * Returns the task queue of the workers on one host. The steps that read a file run there if only this host has the file.
 *
 * @param host name of the host in lower case, as in the request
 */
export const hostTaskQueue = (host: string): string => `aplos-upload-on-${host}`;

/** Workflow type. */
export const WORKFLOW_TYPE = 'uploadAnalysisFile';

/** Workflow type with which a client asks what Aplos already has. It changes nothing, and is not listed as an upload. */
export const PREVIEW_WORKFLOW_TYPE = 'previewAnalyses';

/** Workflow type with which a client asks what a subscription has left. It changes nothing, and is not listed as an upload. */
export const SUBSCRIPTION_WORKFLOW_TYPE = 'previewSubscription';

/** Workflow type that cancels executions at Aplos. It starts nothing, and is not listed as an upload. */
export const CANCEL_WORKFLOW_TYPE = 'cancelExecutions';
/** Workflow type that fetches the results of an earlier upload. It starts nothing, and is not listed as an upload. */
export const RESULTS_WORKFLOW_TYPE = 'fetchUploadResults';

/** Workflow type that sends the webhook of an upload after its end. It changes nothing, and is not listed as an upload. */
export const WEBHOOK_WORKFLOW_TYPE = 'notifyUpload';

/** Workflow type that sends the webhook of a batch once its last upload has ended. */
export const BATCH_WEBHOOK_WORKFLOW_TYPE = 'notifyBatch';

/** Signal that makes `notifyBatch` check again whether the batch has ended. It takes no argument. */
export const BATCH_CHANGED_SIGNAL = 'batchChanged';

/**
 * Returns the ID of the workflow that sends the webhook of a run. Runs that a reset creates have the same first run, so that an ending
 * that a webhook has reported is not reported again.
 *
 * @param state how the run ended, e.g. `done`
 * @param code error code of a failed run
 */
export const webhookWorkflowId = (firstRunId: string, state: string, code = ''): string =>
  ['webhook', firstRunId, state, ...(state === 'failed' ? [code] : [])].join(':');

/** Query that returns an `UploadProgress`. */
export const PROGRESS_QUERY = 'progress';

/** Search attributes that the workflow sets, and the type that each is registered with. */
export const SEARCH_ATTRIBUTES = {
  AplosProfile: 'Keyword',
  AplosFileName: 'Keyword',
  AplosFileId: 'Keyword',
  AplosExecutionIds: 'KeywordList',
  AplosBatch: 'KeywordList',
  AplosRequestedBy: 'Keyword',
  AplosErrorCode: 'Keyword',
} as const;

/** File name extensions that Aplos NCA accepts (source: the vendor's documentation, and the tests of its SDK). */
export const FILE_TYPES = ['.csv', '.xpt', '.sas7bdat', '.dat', '.xls', '.xlsx'] as const;

/** Maximum size of an S3 POST Object in bytes: 5 GiB (source: Amazon S3). */
export const MAX_FILE_BYTES = 5 * 1024 ** 3;

/** Returns the name of an execution: its label, or `#1`, `#2`… by its position in the request. */
export const executionLabel = ({ label }: { label?: string | undefined }, index: number): string =>
  label ?? `#${index + 1}`;
