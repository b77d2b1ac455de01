/** The header in which Temporal's own interceptors, in every language, carry a trace: a JSON object with a `traceparent`. */
export const TRACE_HEADER = '_tracer-data';

/** Attributes of spans. The first three are named as in most of Temporal's own SDKs. */
export const ATTRIBUTES = {
  workflowId: 'temporalWorkflowID',
  runId: 'temporalRunID',
  activityId: 'temporalActivityID',
  profile: 'aplos.upload.profile',
  fileId: 'aplos.upload.file_id',
  attempt: 'aplos.upload.attempt',
  /** A code of the error table, or the name of a network failure. */
  error: 'error.type',
} as const;

/** What spans are made by, as they name it. */
export const TRACER = 'aplos-upload-worker';
