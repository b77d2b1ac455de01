/** Names that other programs type. They are part of the interface and do not change. */

/** The task queue that workers poll and clients start on. */
export const TASK_QUEUE = 'aplos-upload';

/**
 * The task queue of the workers on one host: the steps that read a file which only this host has.
 *
 * @param host as in the request, in lower case
 */
export const hostTaskQueue = (host: string): string => `aplos-upload-on-${host}`;

/** The workflow type. */
export const WORKFLOW_TYPE = 'uploadAnalysisFile';

/** The query that answers with a {@link UploadProgress}. */
export const PROGRESS_QUERY = 'progress';

/** Search attributes that the workflow sets on itself, with the type each is registered as. */
export const SEARCH_ATTRIBUTES = {
  AplosProfile: 'Keyword',
  AplosFileName: 'Keyword',
  AplosFileId: 'Keyword',
  AplosExecutionIds: 'KeywordList',
  AplosBatch: 'Keyword',
  AplosRequestedBy: 'Keyword',
  AplosErrorCode: 'Keyword',
} as const;

/** File name endings that Aplos NCA takes (source: the vendor's documentation and its SDK's own tests). */
export const FILE_TYPES = ['.csv', '.xpt', '.sas7bdat', '.dat', '.xls', '.xlsx'] as const;

/** The most bytes that one S3 POST Object carries: 5 GiB (source: Amazon S3). */
export const MAX_FILE_BYTES = 5 * 1024 ** 3;
