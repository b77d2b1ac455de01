/** Header in which Temporal's interceptors for tracing, in every language, carry a trace: a JSON object with a `traceparent`. */
export const TRACE_HEADER = '_tracer-data';

/** Names of span attributes. The first three are those of most Temporal SDKs. */
export const ATTRIBUTES = {
  workflowId: 'temporalWorkflowID',
  runId: 'temporalRunID',
  activityId: 'temporalActivityID',
  profile: 'aplos.upload.profile',
  fileId: 'aplos.upload.file_id',
  attempt: 'aplos.upload.attempt',
  /** A code of the error table, or the name of a network error. */
  error: 'error.type',
} as const;

/** Name of the tracer that creates the spans. */
export const TRACER = 'aplos-upload-worker';
