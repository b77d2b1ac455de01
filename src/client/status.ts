import type { Client, WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { decodeFromPayloadsAtIndex } from '@temporalio/common/lib/internal-non-workflow/index.js';
import proto from '@temporalio/proto';
import type { UploadHeartbeat } from '../contract/receipt.js';

const { PENDING_ACTIVITY_STATE_STARTED } = proto.temporal.api.enums.v1.PendingActivityState;

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
  /** Of the error table, where it has failed. */
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
  readonly underWay: boolean;
  /** 1 for the first. */
  readonly attempt: number;
  /** The code and the first line of the last attempt's failure. */
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

/** What a running upload is at. */
export const pendingStepsOf = (
  client: Client,
  { raw }: WorkflowExecutionDescription,
): Promise<PendingStep[]> =>
  Promise.all((raw.pendingActivities ?? []).map((activity) => pendingStep(client, activity)));

type PendingActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

async function pendingStep(client: Client, activity: PendingActivity): Promise<PendingStep> {
  const { lastFailure, nextAttemptScheduleTime } = activity;
  const heartbeat = await heartbeatOf(client, activity);
  const bytesPerSecond = heartbeat && rateOf(activity, heartbeat);
  return {
    activity: activity.activityType?.name ?? 'unknown',
    underWay: activity.state === PENDING_ACTIVITY_STATE_STARTED,
    attempt: activity.attempt ?? 1,
    ...(lastFailure
      ? {
          lastFailure: {
            code: lastFailure.applicationFailureInfo?.type ?? 'STEP_TIMED_OUT',
            message: lastFailure.message ?? '',
          },
        }
      : {}),
    ...(nextAttemptScheduleTime ? { nextAttemptAt: new Date(msOf(nextAttemptScheduleTime)) } : {}),
    ...(heartbeat ? { heartbeat } : {}),
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
  };
}

async function heartbeatOf(
  client: Client,
  { activityType, heartbeatDetails }: PendingActivity,
): Promise<UploadHeartbeat | undefined> {
  if (activityType?.name !== 'uploadFile' || !heartbeatDetails?.payloads?.length) return undefined;
  return decodeFromPayloadsAtIndex<UploadHeartbeat>(
    client.options.loadedDataConverter,
    0,
    heartbeatDetails.payloads,
  );
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
