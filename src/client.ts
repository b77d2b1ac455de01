export type { CompletedUpload, PendingUpload } from './client/as-completed.js';
export type { CancelOptions, CancelOutcome } from './client/cancel.js';
export type { StoredFailure } from './client/failures.js';
export type { UploadFilter } from './client/filter.js';
export { type FoundFiles, findFiles, type Repeat } from './client/find-files.js';
export type { OnOutage, Outage } from './client/outages.js';
export type { AnalysisPreview, UploadPreview } from './client/preview.js';
export type { ReplayOptions, ReplayOutcome, ReplaySkipReason } from './client/replay.js';
export { requestForFile } from './client/request-for-file.js';
export { requestForStoredFile, type StoredFile } from './client/request-for-stored-file.js';
export type { ReplayFrom } from './client/reset-point.js';
export type { ResultsOptions, ResultsOutcome } from './client/results.js';
export { callerDataConverterFor, dataConverterFor, loadSettings, type Settings } from './client/settings.js';
export type { CompletedState, StartState, UploadState } from './client/states.js';
export type { PendingStep, UploadStatus } from './client/status.js';
export type { StoredFileQuery } from './client/stored-files.js';
export type { UploadSummary } from './client/summary.js';
export { UploadClient } from './client/upload-client.js';
export type { UploadClientOptions } from './client/upload-client-options.js';
export { UploadFailedError } from './client/upload-failed-error.js';
export type { UploadHandle } from './client/upload-handle.js';
export type { WebhookStatus } from './client/webhook-status.js';
export type { CancelledExecution } from './contract/cancellation.js';
export {
  type ErrorCode,
  type ErrorRow,
  errorTable,
  type Fault,
  type Remedy,
  UploadError,
} from './contract/errors.js';
export type { ExecutionProgress } from './contract/execution-progress.js';
export {
  FILE_TYPES,
  hostTaskQueue,
  MAX_FILE_BYTES,
  PROGRESS_QUERY,
  SEARCH_ATTRIBUTES,
  TASK_QUEUE,
  WORKFLOW_TYPE,
} from './contract/names.js';
export type { KnownExecution } from './contract/preview.js';
export type {
  Completion,
  Receipt,
  RunReset,
  StartedExecution,
  StepRecord,
  UploadHeartbeat,
  UploadProgress,
} from './contract/receipt.js';
export {
  type ExecutionRequest,
  parseUploadRequest,
  type UploadRequest,
  type UploadRequestInput,
  uploadRequestSchema,
} from './contract/request.js';
export type { ResultsPackage } from './contract/results.js';
export type { RunRef } from './contract/stored-file.js';
export type { Subscription } from './contract/subscription.js';
export type { BatchEvent, UploadEvent } from './contract/webhooks.js';
export { workflowIdFor } from './contract/workflow-id.js';
