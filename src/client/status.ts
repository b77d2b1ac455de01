import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import type { ActivitySerializationContext, WorkerDeploymentVersion } from '@temporalio/common';
import { decodeFromPayloadsAtIndex } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { tsToDate, tsToMs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import { errorTable, isErrorCode } from '../contract/error-table.js';
import { type ExecutionProgress, parseExecutionProgress } from '../contract/execution-progress.js';
import { hostTaskQueue, TASK_QUEUE } from '../contract/names.js';
import type { UploadHeartbeat } from '../contract/receipt.js';
import type { RunRef } from '../contract/stored-file.js';
import { versionOf } from '../temporal/versioning.js';
import { describeFailure, readFailure, type StoredFailure } from './failures.js';
import { runsOf, unlessGone } from './runs.js';
import { correctionsOf } from './stored-files.js';
import { summaryOf, type UploadSummary } from './summary.js';
import { readWebhookStatus, type WebhookStatus } from './webhook-status.js';
import type { WorkerAvailability } from './worker-availability.js';

const { PENDING_ACTIVITY_STATE_STARTED } = proto.temporal.api.enums.v1.PendingActivityState;

const HOST_PREFIX = hostTaskQueue('');

/** Detailed status of an upload. */
export interface UploadStatus extends UploadSummary {
  /** Code and message of the failure of a failed upload. */
  readonly failure?: StoredFailure;
  /** Runs that analyzed the stored file of a failed upload with another configuration, the latest first. Absent if there are none. */
  readonly correctedBy?: readonly RunRef[];
  /** Webhook about the end of the upload. Absent if none is sent. */
  readonly webhook?: WebhookStatus;
  /** Deployment version that a running upload is pinned to. Absent if it is not pinned. */
  readonly pinnedTo?: WorkerDeploymentVersion;
  /**
   * True if a worker serves a running upload that waits for one, on any host. Absent if it does not wait, or Temporal does not
   * report it.
   */
  readonly hasWorker?: boolean;
  /** Steps in progress of a running upload. */
  readonly pending: readonly PendingStep[];
}

/** An activity that is running, or waiting for a worker or its next attempt. */
export interface PendingStep {
  /** Activity type, e.g. `uploadFile`. */
  readonly activity: string;
  /** True if a worker is executing the step now. Otherwise it waits for a worker or for its next attempt. */
  readonly isRunning: boolean;
  /** Host that has the file, if only workers on that host can run the step. */
  readonly host?: string;
  /** True if the host has a worker, for a step that waits for one. Absent if Temporal does not report it. */
  readonly hostHasWorker?: boolean;
  /** Number of the attempt, starting at 1. */
  readonly attempt: number;
  /** Failure of the last attempt. */
  readonly lastFailure?: StoredFailure;
  /** Execution that the step waits for, as Aplos reported it at the last check. */
  readonly execution?: ExecutionProgress;
  /** Scheduled time of the next attempt. */
  readonly nextAttemptAt?: Date;
  /** Last heartbeat of an `uploadFile` step. Absent before the first one, or if it cannot be decrypted or trusted. */
  readonly heartbeat?: UploadHeartbeat;
  /** Upload rate of the last ten seconds, in bytes per second. With an older worker, the average of this attempt. */
  readonly bytesPerSecond?: number;
}

/** Returns the status of an upload, or `undefined` if the namespace does not have the workflow, or no longer has it. */
export async function readStatus(
  client: Client,
  workflowId: string,
  workers: WorkerAvailability,
): Promise<UploadStatus | undefined> {
  const description = await unlessGone(runsOf(client).getHandle(workflowId).describe());
  return description && unlessGone(statusOf(client, description, workers));
}

/** Returns the status of an upload, with the failure of a failed one and the pending steps of a running one. */
async function statusOf(
  client: Client,
  description: WorkflowExecutionDescription,
  workers: WorkerAvailability,
): Promise<UploadStatus> {
  const summary = summaryOf(description);
  const { pendingActivities, workflowExecutionInfo } = description.raw;
  const version = versionOf(workflowExecutionInfo?.versioningInfo?.deploymentVersion);
  const hostHasWorker = (taskQueue: string) => workers.hasWorker(taskQueue, version);
  const pending = await Promise.all(
    (pendingActivities ?? []).map((activity) =>
      pendingStep(client, activity, contextOf(client, summary.workflowId, activity), hostHasWorker),
    ),
  );
  const isRunning = summary.state === 'running';
  const { firstRunId = summary.runId } = workflowExecutionInfo ?? {};
  const webhook = isRunning
    ? undefined
    : await readWebhookStatus(client, summary, firstRunId || summary.runId);
  const waits = isRunning && pending.every((step) => !step.isRunning && step.host === undefined);
  const hasWorker = waits
    ? await (version ? workers.hasWorker(TASK_QUEUE, version) : workers.servesNewUploads())
    : undefined;
  const correctedBy = summary.state === 'failed' ? await correctionsOf(client, summary) : [];
  return {
    ...summary,
    ...(correctedBy.length > 0
      ? { correctedBy: correctedBy.map(({ workflowId, runId }) => ({ workflowId, runId })) }
      : {}),
    ...(summary.state === 'failed' ? { failure: await failureOf(client, summary) } : {}),
    ...(webhook ? { webhook } : {}),
    ...(isRunning && version ? { pinnedTo: version } : {}),
    ...(hasWorker === undefined ? {} : { hasWorker }),
    pending,
  };
}

async function failureOf(client: Client, run: UploadSummary): Promise<StoredFailure> {
  const { details, ...stored } = await readFailure(client, run);
  return stored;
}

type HasWorker = (taskQueue: string) => Promise<boolean | undefined>;
type PendingActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

async function pendingStep(
  client: Client,
  activity: PendingActivity,
  context: ActivitySerializationContext,
  hasWorker: HasWorker,
): Promise<PendingStep> {
  const { lastFailure, nextAttemptScheduleTime } = activity;
  const isRunning = activity.state === PENDING_ACTIVITY_STATE_STARTED;
  const heartbeat = await heartbeatOf(client, activity, context);
  const bytesPerSecond = heartbeat && (heartbeat.bytesPerSecond ?? rateOf(activity, heartbeat));
  return {
    activity: activity.activityType?.name ?? 'unknown',
    isRunning,
    ...(await hostOf(activity, isRunning, hasWorker)),
    attempt: activity.attempt ?? 1,
    ...(lastFailure ? outcomeOf(await describeFailure(client, lastFailure, context)) : {}),
    ...(nextAttemptScheduleTime ? { nextAttemptAt: tsToDate(nextAttemptScheduleTime) } : {}),
    ...(heartbeat ? { heartbeat } : {}),
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
  };
}

/** Returns what the last attempt found: the execution that is waited for, or its failure. */
function outcomeOf({
  details,
  ...lastFailure
}: StoredFailure): Pick<PendingStep, 'execution' | 'lastFailure'> {
  const { code } = lastFailure;
  const isProgress = isErrorCode(code) && errorTable[code].isProgress;
  const execution = isProgress ? parseExecutionProgress(details) : undefined;
  return execution ? { execution } : { lastFailure };
}

const contextOf = (
  { options }: Client,
  workflowId: string,
  { activityId }: PendingActivity,
): ActivitySerializationContext => ({
  type: 'activity',
  namespace: options.namespace,
  workflowId,
  activityId: activityId ?? '',
  isLocal: false,
});

/** Returns the host that a step is bound to. Older servers do not report an activity's task queue. */
async function hostOf(
  { activityOptions }: PendingActivity,
  isRunning: boolean,
  hasWorker: HasWorker,
): Promise<Pick<PendingStep, 'host' | 'hostHasWorker'>> {
  const taskQueue = activityOptions?.taskQueue?.name ?? '';
  const host = taskQueue.startsWith(HOST_PREFIX) ? taskQueue.slice(HOST_PREFIX.length) : undefined;
  if (host === undefined) return {};
  const hostHasWorker = isRunning ? undefined : await hasWorker(taskQueue);
  return { host, ...(hostHasWorker === undefined ? {} : { hostHasWorker }) };
}

async function heartbeatOf(
  client: Client,
  { activityType, heartbeatDetails }: PendingActivity,
  context: ActivitySerializationContext,
): Promise<UploadHeartbeat | undefined> {
  if (activityType?.name !== 'uploadFile' || !heartbeatDetails?.payloads?.length) return undefined;
  try {
    const heartbeat = await decodeFromPayloadsAtIndex<Partial<UploadHeartbeat> | null>(
      client.options.loadedDataConverter,
      0,
      heartbeatDetails.payloads,
      context,
    );
    const { bytesSent, totalBytes } = heartbeat ?? {};
    return typeof bytesSent === 'number' && typeof totalBytes === 'number'
      ? { bytesSent, totalBytes }
      : undefined;
  } catch {
    return undefined; // it is encrypted with a missing key, or malformed
  }
}

function rateOf(
  { lastStartedTime, lastHeartbeatTime }: PendingActivity,
  { bytesSent }: UploadHeartbeat,
): number | undefined {
  if (!lastStartedTime || !lastHeartbeatTime) return undefined;
  const elapsedMs = tsToMs(lastHeartbeatTime) - tsToMs(lastStartedTime);
  return elapsedMs > 0 ? Math.round((bytesSent * 1000) / elapsedMs) : undefined;
}
