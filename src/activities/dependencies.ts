import type { Dispatcher } from 'undici';
import type { AplosApi } from '../aplos/api.js';
import type { ExecutionChecks } from '../aplos/execution-checks.js';
import type { ExecutionList } from '../aplos/execution-list.js';
import type { StartGate } from '../aplos/start-gate.js';
import type { Archive } from '../archive/archive.js';
import type { FailingStep } from '../contract/failing-step.js';
import type { RunReset } from '../contract/receipt.js';
import type { RunRef } from '../contract/stored-file.js';
import type { WaitingStart } from '../contract/waiting-start.js';
import type { BatchWebhookInput } from '../contract/webhooks.js';
import type { SourceAccess } from '../files/source.js';
import type { SigningKey } from '../records/keys.js';
import type { ResultsAccess } from '../results/fetch-package.js';
import type { S3Targets } from '../s3/hosts.js';
import type { BatchUploads } from '../temporal/batch-end.js';
import type { OtherUploads, OtherUploadsQuery, StartIdentity } from '../temporal/other-uploads.js';
import type { StoredFileRecord } from '../temporal/stored-files.js';
import type { WebhookSender } from '../webhooks/sender.js';
import type { RunEnd } from './read-run-end.js';

/** Everything that the activities need from the worker. */
export interface ActivityDependencies {
  /**
   * Returns the API for a profile.
   *
   * @throws UploadError `PROFILE_UNKNOWN`
   */
  readonly api: (profile: string) => AplosApi;
  /** HTTP connections for uploads to S3. */
  readonly dispatcher: Dispatcher;
  /** Host whose files this worker reads, in addition to those that every worker can read. Default: none. */
  readonly host?: string | undefined;
  /** Reports whether a worker serves a task queue. */
  readonly hasWorker: (taskQueue: string) => Promise<boolean>;
  /** Sources that this worker may read. */
  readonly sources: SourceAccess;
  /** Where this worker may write results. */
  readonly results: ResultsAccess;
  /** Hosts and buckets that files may be posted to. */
  readonly s3Targets: S3Targets;
  /** Idle timeout in milliseconds: an upload without progress for this long is aborted. */
  readonly idleTimeoutMs: number;
  /**
   * Returns the executions that Aplos lists for a profile.
   *
   * @throws UploadError `PROFILE_UNKNOWN`
   */
  readonly executions: (profile: string) => ExecutionList;
  /**
   * Returns the gate that paces the starts of a profile.
   *
   * @throws UploadError `PROFILE_UNKNOWN`
   */
  readonly starts: (profile: string) => StartGate;
  /**
   * Returns the checks of executions that are waited for.
   *
   * @throws UploadError `PROFILE_UNKNOWN`
   */
  readonly checks: (profile: string) => Pick<ExecutionChecks, 'check'>;
  /** Returns what other runs may have started. See {@link otherUploads}. */
  readonly otherUploads: (attempt: StartIdentity, query: OtherUploadsQuery) => Promise<OtherUploads>;
  /**
   * Records a heartbeat with Temporal immediately, unlike the SDK, which throttles heartbeats.
   *
   * @throws UploadError `START_NOT_SENT` if the attempt is no longer the current one, or Temporal does not respond
   * @throws CancelledFailure if the activity is cancelled
   */
  readonly recordHeartbeat: (details: unknown) => Promise<void>;
  /** Signals the workflow that one of its starts waits until Aplos takes more executions. */
  readonly reportWaiting: (start: WaitingStart) => Promise<void>;
  /** Signals the workflow that a step fails again and again. */
  readonly reportFailing: (report: FailingStep) => Promise<void>;
  /**
   * Reads the receipt of a completed run of this workflow id, unchecked. Returns `undefined` if there is none, or it cannot be read.
   *
   * @throws UploadError `TEMPORAL_UNREACHABLE`
   */
  readonly readReceipt: (runId: string) => Promise<unknown>;
  /**
   * Reads which file a run has stored at Aplos. Returns `undefined` if Temporal cannot tell.
   *
   * @throws UploadError `TEMPORAL_UNREACHABLE`
   */
  readonly readStoredFile: (run: RunRef) => Promise<StoredFileRecord | undefined>;
  /** Where this worker writes records, and the key that signs them. Default: it writes none */
  readonly records?:
    | { readonly archive: Pick<Archive, 'add'>; readonly key: SigningKey | undefined }
    | undefined;
  /**
   * Reads the resets that led to a run, the first one first.
   *
   * @throws UploadError `TEMPORAL_UNREACHABLE`
   */
  readonly readResets: (run: RunRef) => Promise<RunReset[]>;
  /** Sends webhooks. */
  readonly webhooks: Pick<WebhookSender, 'hasWebhook' | 'send'>;
  /**
   * Reads how a run of an upload ended. Returns `undefined` if it has not ended.
   *
   * @throws UploadError `UPLOAD_UNKNOWN`, `TEMPORAL_UNREACHABLE`, `REQUEST_INVALID` or `PAYLOAD_UNTRUSTED`
   */
  readonly readRunEnd: (run: RunRef) => Promise<RunEnd | undefined>;
  /**
   * Starts the workflow that watches a batch, or makes it check the batch again if it is running.
   *
   * @throws UploadError `TEMPORAL_UNREACHABLE`
   */
  readonly watchBatch: (workflowId: string, input: BatchWebhookInput) => Promise<void>;
  /** Reads the uploads of a batch. Returns `undefined` if Temporal cannot search for the batch. */
  readonly readBatch: (
    batch: Pick<BatchWebhookInput, 'profile' | 'batch'>,
  ) => Promise<BatchUploads | undefined>;
  /** Time after the end of its last upload for which a batch may still get more, in milliseconds. */
  readonly batchQuietMs: number;
  /** Maximum time from sending a start until the execution appears in the list, in milliseconds. */
  readonly listLagMs: number;
  /** Maximum time from Temporal's confirmation of an attempt until its start is sent, in milliseconds. */
  readonly sendDeadlineMs: number;
}
