import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { decodeFromPayloadsAtIndex } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { UploadHeartbeat } from '../contract/receipt.js';
import { isUnreadable } from '../temporal/unreadable.js';
import { codeAndMessage } from './failed.js';

/** How an upload stands. */
export type UploadState = 'running' | 'done' | 'failed' | 'cancelled' | 'terminated' | 'timed-out';

/** What is known of an upload without waiting for it. */
export interface UploadStatus {
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
  /** Why a failed upload failed: a code of the error table, and what happened and what to do. */
  readonly failure?: { readonly code: string; readonly message: string };
  /** What a running upload is at. */
  readonly pending: readonly PendingStep[];
}

/** An activity that is under way or waits for its next attempt. */
export interface PendingStep {
  /** The activity's type, e.g. `uploadFile`. */
  readonly activity: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** The last attempt's failure: its code, and its words where this process has the key. */
  readonly lastFailure?: { readonly code: string; readonly message: string };
  readonly nextAttemptAt?: Date;
  /** Of an upload that has begun. */
  readonly heartbeat?: UploadHeartbeat;
}

const states: Partial<Record<WorkflowExecutionDescription['status']['name'], UploadState>> = {
  COMPLETED: 'done',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed-out',
};

export async function statusOf(
  client: Client,
  description: WorkflowExecutionDescription,
): Promise<UploadStatus> {
  const { workflowId, runId, status, searchAttributes, startTime, closeTime, raw } = description;
  const attribute = (name: string) => searchAttributes[name] as readonly string[] | undefined;
  const optional = (key: string, name: string) => {
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
    ...(status.name === 'FAILED' ? { failure: await failureOf(client, workflowId, runId) } : {}),
    pending: await Promise.all(
      (raw.pendingActivities ?? []).map((activity) => pendingStep(client, activity)),
    ),
  };
}

async function failureOf(client: Client, workflowId: string, runId: string) {
  const { namespace } = client.options;
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace,
    execution: { workflowId, runId },
    maximumPageSize: 1,
  });
  const failure = history?.events?.[0]?.workflowExecutionFailedEventAttributes?.failure;
  return codeAndMessage(client, failure ?? {});
}

type PendingActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

async function pendingStep(client: Client, activity: PendingActivity): Promise<PendingStep> {
  const { lastFailure, nextAttemptScheduleTime } = activity;
  const heartbeat = await heartbeatOf(client, activity);
  return {
    activity: activity.activityType?.name ?? 'unknown',
    attempt: activity.attempt ?? 1,
    ...(lastFailure ? { lastFailure: await codeAndMessage(client, lastFailure) } : {}),
    ...(nextAttemptScheduleTime?.seconds
      ? { nextAttemptAt: new Date(Number(nextAttemptScheduleTime.seconds) * 1000) }
      : {}),
    ...(heartbeat ? { heartbeat } : {}),
  };
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
