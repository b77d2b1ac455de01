import type { Client, WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { decodeFromPayloadsAtIndex } from '@temporalio/common/lib/internal-non-workflow/index.js';
import proto from '@temporalio/proto';
import { hostTaskQueue } from '../contract/names.js';
import type { UploadHeartbeat } from '../contract/receipt.js';
import { isUnreadable } from '../temporal/unreadable.js';
import { versionOf } from '../temporal/versioning.js';
import { describeFailure } from './failures.js';
import type { WorkerAvailability } from './worker-availability.js';

const { PENDING_ACTIVITY_STATE_STARTED } = proto.temporal.api.enums.v1.PendingActivityState;

const HOST_PREFIX = hostTaskQueue('');

/** How an upload stands. */
export type UploadState = 'running' | 'done' | 'failed' | 'cancelled' | 'terminated' | 'timed-out';

/** An upload as the list has it. */
export interface UploadSummary {
  readonly workflowId: string;
  readonly runId: string;
  readonly state: UploadState;
  readonly fileName?: string;
  readonly profile?: string;
  readonly batch?: string;
  readonly requestedBy?: string;
  readonly fileId?: string;
  readonly executionIds: readonly string[];
  readonly startedAt: Date;
  readonly closedAt?: Date;
  /** Of the error table, where it has failed; of one that is running, `HOST_WITHOUT_WORKER` where that is what it waits for. */
  readonly errorCode?: string;
}

/** What is known of an upload without waiting for it. */
export interface UploadStatus extends UploadSummary {
  /** Why a failed upload failed: a code of the error table, and what happened and what to do. */
  readonly failure?: { readonly code: string; readonly message: string };
  /** What a running upload is at. */
  readonly pending: readonly PendingStep[];
}

/** An activity that is under way or waits for its next attempt. */
export interface PendingStep {
  /** The activity's type, e.g. `uploadFile`. */
  readonly activity: string;
  /** Whether a worker has it now. Otherwise it waits: for a worker, or for its next attempt. */
  readonly isRunning: boolean;
  /** The host that has the file, where the step is for its workers alone. */
  readonly host?: string;
  /** Of a step that waits for a worker of its host: whether there is one, as far as Temporal knows at this moment. */
  readonly hostHasWorker?: boolean;
  /** 1 for the first. */
  readonly attempt: number;
  /** The last attempt's failure: its code, and its words where this process has the key. */
  readonly lastFailure?: { readonly code: string; readonly message: string };
  readonly nextAttemptAt?: Date;
  /** Of an upload that has begun. */
  readonly heartbeat?: UploadHeartbeat;
  /** Of an upload that has begun: since this attempt began. */
  readonly bytesPerSecond?: number;
}

const states: Partial<Record<WorkflowExecutionDescription['status']['name'], UploadState>> = {
  COMPLETED: 'done',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed-out',
};

/** What Temporal's list, or its description of a run, tells of an upload. */
export function summaryOf(
  info: Pick<
    WorkflowExecutionInfo,
    'workflowId' | 'runId' | 'status' | 'searchAttributes' | 'startTime' | 'closeTime'
  >,
): UploadSummary {
  const { workflowId, runId, status, searchAttributes, startTime, closeTime } = info;
  const attribute = (name: string) => searchAttributes[name] as readonly string[] | undefined;
  const optional = (key: keyof UploadSummary, name: string) => {
    const value = attribute(name)?.[0];
    return value === undefined ? {} : { [key]: value };
  };
  return {
    workflowId,
    runId,
    state: states[status.name] ?? 'running',
    ...optional('fileName', 'AplosFileName'),
    ...optional('profile', 'AplosProfile'),
    ...optional('batch', 'AplosBatch'),
    ...optional('requestedBy', 'AplosRequestedBy'),
    ...optional('fileId', 'AplosFileId'),
    executionIds: attribute('AplosExecutionIds') ?? [],
    startedAt: startTime,
    ...(closeTime ? { closedAt: closeTime } : {}),
    ...optional('errorCode', 'AplosErrorCode'),
  };
}

/** All that is known of an upload: of what failed, why, and of what is running, what it is at. */
export async function statusOf(
  client: Client,
  description: WorkflowExecutionDescription,
  lookout: WorkerAvailability,
): Promise<UploadStatus> {
  const summary = summaryOf(description);
  const { pendingActivities, workflowExecutionInfo } = description.raw;
  const version = versionOf(workflowExecutionInfo?.versioningInfo?.deploymentVersion);
  const hostHasWorker = (taskQueue: string) => lookout.hasWorker(taskQueue, version);
  return {
    ...summary,
    ...(summary.state === 'failed' ? { failure: await failureOf(client, summary) } : {}),
    pending: await Promise.all(
      (pendingActivities ?? []).map((activity) => pendingStep(client, activity, hostHasWorker)),
    ),
  };
}

async function failureOf(client: Client, { workflowId, runId }: UploadSummary) {
  const { namespace } = client.options;
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace,
    execution: { workflowId, runId },
    maximumPageSize: 1,
  });
  const failure = history?.events?.[0]?.workflowExecutionFailedEventAttributes?.failure;
  return describeFailure(client, failure ?? {});
}

type HasWorker = (taskQueue: string) => Promise<boolean | undefined>;
type PendingActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

async function pendingStep(
  client: Client,
  activity: PendingActivity,
  hasWorker: HasWorker,
): Promise<PendingStep> {
  const { lastFailure, nextAttemptScheduleTime } = activity;
  const underWay = activity.state === PENDING_ACTIVITY_STATE_STARTED;
  const heartbeat = await heartbeatOf(client, activity);
  const bytesPerSecond = heartbeat && rateOf(activity, heartbeat);
  return {
    activity: activity.activityType?.name ?? 'unknown',
    isRunning: underWay,
    ...(await whereabouts(activity, underWay, hasWorker)),
    attempt: activity.attempt ?? 1,
    ...(lastFailure ? { lastFailure: await describeFailure(client, lastFailure) } : {}),
    ...(nextAttemptScheduleTime ? { nextAttemptAt: new Date(msOf(nextAttemptScheduleTime)) } : {}),
    ...(heartbeat ? { heartbeat } : {}),
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
  };
}

/** Older servers do not tell the task queue of an activity. */
async function whereabouts(
  { activityOptions }: PendingActivity,
  underWay: boolean,
  hasWorker: HasWorker,
): Promise<Pick<PendingStep, 'host' | 'hostHasWorker'>> {
  const taskQueue = activityOptions?.taskQueue?.name ?? '';
  const host = taskQueue.startsWith(HOST_PREFIX) ? taskQueue.slice(HOST_PREFIX.length) : undefined;
  if (host === undefined) return {};
  const hostHasWorker = underWay ? undefined : await hasWorker(taskQueue);
  return { host, ...(hostHasWorker === undefined ? {} : { hostHasWorker }) };
}

async function heartbeatOf(
  client: Client,
  { activityType, heartbeatDetails }: PendingActivity,
): Promise<UploadHeartbeat | undefined> {
  if (activityType?.name !== 'uploadFile' || !heartbeatDetails?.payloads?.length) return undefined;
  try {
    return await decodeFromPayloadsAtIndex<UploadHeartbeat>(
      client.options.loadedDataConverter,
      0,
      heartbeatDetails.payloads,
    );
  } catch (error) {
    if (isUnreadable(error)) return undefined;
    throw error;
  }
}

function rateOf(
  { lastStartedTime, lastHeartbeatTime }: PendingActivity,
  { bytesSent }: UploadHeartbeat,
): number | undefined {
  if (!lastStartedTime || !lastHeartbeatTime) return undefined;
  const tookMs = msOf(lastHeartbeatTime) - msOf(lastStartedTime);
  return tookMs > 0 ? Math.round((bytesSent * 1000) / tookMs) : undefined;
}

const msOf = ({ seconds, nanos }: NonNullable<PendingActivity['lastStartedTime']>): number =>
  Number(seconds ?? 0) * 1000 + (nanos ?? 0) / 1_000_000;
