import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { decodeFromPayloadsAtIndex } from '@temporalio/common/lib/internal-non-workflow/index.js';
import proto from '@temporalio/proto';
import { pMapIterable } from 'p-map';
import {
  type AfterFix,
  type ErrorCode,
  errorTable,
  isErrorCode,
  isReplayable,
  UploadError,
} from '../contract/errors.js';
import { whyNoResult } from '../contract/untrusted.js';
import { isUnreadable } from '../temporal/unreadable.js';
import { cutText } from '../util/cut-text.js';
import { type ReplayFrom, resetPoint, type Step } from './reset-point.js';
import { runsOf, unlessGone } from './runs.js';
import { summaryOf, type UploadSummary } from './summary.js';

const { RESET_REAPPLY_TYPE_SIGNAL } = proto.temporal.api.enums.v1.ResetReapplyType;
type PostResetOperation = proto.temporal.api.workflow.v1.IPostResetOperation;

/** Options of {@link UploadClient.replay}. */
export interface ReplayOptions {
  /** Step to start from. Default: the step that failed */
  readonly from?: ReplayFrom | undefined;
  /**
   * Resumes also uploads that would fail again for the same reason, or that a person has to check first, as the error table says. So
   * does `from`. Default: `false`
   */
  readonly all?: boolean;
  /** Reports the outcome without changing anything. Default: `false` */
  readonly dryRun?: boolean;
  /** Name of the person or program, for Temporal's record of the reset. */
  readonly requestedBy?: string;
  /** Reason for Temporal's record of the reset, which is not encrypted, and for the record of the new run. Default: none */
  readonly reason?: string;
}

const MAX_REASON_LENGTH = 500;

/** Outcome of a replay for one upload. */
export type ReplayOutcome = {
  readonly workflowId: string;
  readonly fileName?: string;
  /** Error code of the failed run. */
  readonly errorCode?: string;
} & (
  | {
      /** `would-be-resumed` in a dry run. */
      readonly state: 'resumed' | 'would-be-resumed';
      /** Activity that the upload resumes with, e.g. `startExecution`. */
      readonly from: string;
      /** Id of the new run. */
      readonly runId?: string;
    }
  | {
      readonly state: 'skipped';
      readonly reason: ReplaySkipReason;
      /** The reason as a clause, with what to do instead. */
      readonly explanation: string;
    }
);

/** Reason why an upload was skipped. See {@link ReplayOutcome}. */
export type ReplaySkipReason = keyof typeof skipReasons;

/** Resumes an upload that ended without a receipt, with Temporal's Reset. */
export async function replayUpload(
  client: Client,
  workflowId: string,
  { from, all = from !== undefined, dryRun = false, requestedBy, reason }: ReplayOptions,
): Promise<ReplayOutcome> {
  const description = await unlessGone(runsOf(client).getHandle(workflowId).describe());
  if (!description) return skipped({ workflowId }, 'history-gone');
  const upload = summaryOf(description);
  if (upload.state === 'done' || upload.state === 'running') return skipped(upload, upload.state);
  const { errorCode } = upload;
  if (!all && isErrorCode(errorCode) && !isReplayable(errorCode))
    return skipped(upload, skipReasonFor(errorCode));

  const steps = await unlessGone(stepsOf(client, upload));
  if (!steps) return skipped(upload, 'history-gone');
  const point = resetPoint(steps, from ?? stepFor(upload));
  if (!point) return skipped(upload, from === 'start' ? 'no-start' : 'no-step-failed');

  const outcome = { ...identityOf(upload), from: point.activity };
  if (dryRun) return { ...outcome, state: 'would-be-resumed' };
  const isPinned = Boolean(description.raw.workflowExecutionInfo?.versioningInfo);
  const runId = await unlessGone(reset(client, upload, point, { isPinned, requestedBy, reason }));
  return runId ? { ...outcome, state: 'resumed', runId } : skipped(upload, 'history-gone');
}

function skipReasonFor(code: ErrorCode): ReplaySkipReason {
  const { afterFix } = errorTable[code];
  if (afterFix === 'analyze') return 'needs-correction';
  return afterFix === 'check' ? 'check-first' : 'fails-again';
}

/** Returns the step to start from, if it is not the step that failed. */
const stepFor = ({ errorCode }: UploadSummary): ReplayFrom | undefined =>
  isErrorCode(errorCode) ? firstSteps.get(errorTable[errorCode].afterFix) : undefined;

const firstSteps: ReadonlyMap<AfterFix, ReplayFrom> = new Map([
  ['replay-from-presign', 'presign'],
  ['replay-from-start', 'start'],
]);

const skipReasons = {
  done: 'it is done',
  running: 'it is running',
  'fails-again':
    'a replay would fail again: the cause is in the file or the request. Correct it and upload the file again',
  'needs-correction':
    'a replay would fail again: the cause is in the configuration. Correct it, then run "aplos-upload analyze" with the workflow ID and the new configuration',
  'check-first':
    'an execution may exist: do what the message of the failure says. After that, --all resumes the upload',
  'no-start': 'it did not reach the step that starts an execution. Replay it without --from',
  'no-step-failed':
    'none of its steps failed, so the request is at fault. Correct it and upload the file again',
  'history-gone':
    'Temporal no longer has its history. Check in Aplos NCA whether its executions exist; if not, upload the file again',
} as const;

const identityOf = ({
  workflowId,
  fileName,
  errorCode,
}: Partial<UploadSummary> & { workflowId: string }) => ({
  workflowId,
  ...(fileName === undefined ? {} : { fileName }),
  ...(errorCode === undefined ? {} : { errorCode }),
});

const skipped = (
  upload: Partial<UploadSummary> & { workflowId: string },
  reason: ReplaySkipReason,
): ReplayOutcome => ({ ...identityOf(upload), state: 'skipped', reason, explanation: skipReasons[reason] });

async function stepsOf(client: Client, { workflowId, runId }: UploadSummary): Promise<Step[]> {
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const results = new Map(
    events?.map(({ activityTaskCompletedEventAttributes: completed }) => [
      Number(completed?.scheduledEventId ?? 0),
      completed?.result?.payloads,
    ]),
  );
  const steps: Step[] = [];
  for (const { eventId, activityTaskScheduledEventAttributes: scheduled } of events ?? []) {
    if (!scheduled?.workflowTaskCompletedEventId) continue;
    const { activityId, activityType, workflowTaskCompletedEventId: decidedBy } = scheduled;
    const result = results.get(Number(eventId));
    const state = !result
      ? 'unfinished'
      : (await isTrusted(client, result, workflowId, activityId ?? ''))
        ? 'completed'
        : 'untrusted';
    steps.push({ activity: activityType?.name ?? '', state, decidedBy });
  }
  return steps;
}

/** Reports whether a worker wrote the result of an activity, as far as this client can tell. */
async function isTrusted(
  { options: { namespace, loadedDataConverter } }: Client,
  result: Payload[],
  workflowId: string,
  activityId: string,
): Promise<boolean> {
  const context = { type: 'activity', namespace, workflowId, activityId, isLocal: false } as const;
  try {
    const decoded = await decodeFromPayloadsAtIndex(loadedDataConverter, 0, result, context);
    return whyNoResult(decoded) === undefined;
  } catch (error) {
    return isUnreadable(error); // this process lacks the key, and the worker may have it
  }
}

async function reset(
  client: Client,
  { workflowId, runId }: UploadSummary,
  { decidedBy, activity }: Step,
  {
    isPinned,
    requestedBy,
    reason,
  }: { isPinned: boolean; requestedBy: string | undefined; reason: string | undefined },
): Promise<string> {
  const response = await client.workflowService.resetWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId, runId },
    reason: `aplos-upload replay from ${activity}${requestedBy ? `, by ${requestedBy}` : ''}${reason ? `: ${cutText(reason, MAX_REASON_LENGTH)}` : ''}`,
    requestId: randomUUID(),
    workflowTaskFinishEventId: decidedBy,
    resetReapplyType: RESET_REAPPLY_TYPE_SIGNAL, // batches that were added to the failed run
    postResetOperations: isPinned ? [moveToCurrentVersion] : [],
  });
  return response.runId;
}

/** The deployment version of the failed run may have no workers left, or may have caused the failure. */
const moveToCurrentVersion: PostResetOperation = {
  updateWorkflowOptions: {
    workflowExecutionOptions: { versioningOverride: { autoUpgrade: true } },
    updateMask: { paths: ['versioning_override'] },
  },
};

/**
 * Resumes uploads, and yields the outcome for each. See {@link replayUpload}.
 *
 * @throws {@link UploadError} `REQUEST_INVALID` for one text, which would be read as a list of its characters
 */
export function replayUploads(
  client: Client,
  workflowIds: AsyncIterable<string> | Iterable<string>,
  options: ReplayOptions,
  concurrency: number,
): AsyncIterable<ReplayOutcome> {
  if (typeof workflowIds === 'string')
    throw new UploadError('REQUEST_INVALID', 'The workflow IDs to replay are one text, not a list', {
      action: 'Put the workflow ID into an array.',
    });
  return pMapIterable(workflowIds, (workflowId) => replayUpload(client, workflowId, options), {
    concurrency,
  });
}
