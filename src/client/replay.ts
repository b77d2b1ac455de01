import { randomUUID } from 'node:crypto';
import { type Client, isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import proto from '@temporalio/proto';
import { errorTable, isErrorCode } from '../contract/errors.js';
import { summaryOf, type UploadSummary } from './status.js';

const { RESET_REAPPLY_TYPE_NONE } = proto.temporal.api.enums.v1.ResetReapplyType;
type PostResetOperation = proto.temporal.api.workflow.v1.IPostResetOperation;

/** Where a replay begins: the steps before it are kept. Default: the step that failed. */
export type ReplayFrom = 'presign' | 'start';

/** How uploads are taken up again. */
export interface ReplayOptions {
  /** Default: the step that failed. */
  readonly from?: ReplayFrom | undefined;
  /** Only says what would happen. Default: false */
  readonly dryRun?: boolean;
  /** Who replays, for Temporal's record of the reset. */
  readonly requestedBy?: string;
}

/** What became of one upload in a replay. */
export type ReplayOutcome = {
  readonly workflowId: string;
  readonly fileName?: string;
  /** Of the failure. */
  readonly errorCode?: string;
} & (
  | {
      /** `would-be-resumed`: in a dry run. */
      readonly state: 'resumed' | 'would-be-resumed';
      /** The activity it goes on with, e.g. `startExecution`. */
      readonly from: string;
      /** Of the new run. */
      readonly runId?: string;
    }
  | {
      readonly state: 'skipped';
      readonly reason: ReplaySkipReason;
      /** The reason in words, with what to do instead. */
      readonly why: string;
    }
);

/** Why an upload was not taken up: see {@link ReplayOutcome}. */
export type ReplaySkipReason = keyof typeof skipReasons;

/** Takes an upload that ended without a receipt up again, with Temporal's Reset. */
export async function replayUpload(
  client: Client,
  workflowId: string,
  { from, dryRun = false, requestedBy }: ReplayOptions,
): Promise<ReplayOutcome> {
  const description = await whereKept(() => client.workflow.getHandle(workflowId).describe());
  if (!description) return skipped({ workflowId }, 'history-gone');
  const upload = summaryOf(description);
  if (upload.state === 'done' || upload.state === 'running') return skipped(upload, upload.state);

  const steps = await whereKept(() => stepsOf(client, upload));
  if (!steps) return skipped(upload, 'history-gone');
  const point = resetPoint(steps, from ?? stepFor(upload));
  if (!point) return skipped(upload, from === 'start' ? 'no-start' : 'no-step-failed');

  const outcome = { ...named(upload), from: point.activity };
  if (dryRun) return { ...outcome, state: 'would-be-resumed' };
  const isPinned = Boolean(description.raw.workflowExecutionInfo?.versioningInfo);
  const runId = await whereKept(() => reset(client, upload, point, { isPinned, requestedBy }));
  return runId ? { ...outcome, state: 'resumed', runId } : skipped(upload, 'history-gone');
}

/** A form that was refused until the workflow gave up is not sent again. */
const stepFor = ({ errorCode }: UploadSummary): ReplayFrom | undefined =>
  isErrorCode(errorCode) && errorTable[errorCode].remedy === 'presign-again' ? 'presign' : undefined;

/** Of gRPC. */
const NOT_FOUND = 5;

const skipReasons = {
  done: 'it is done',
  running: 'it is running',
  'no-start': 'it did not get as far as starting an execution; replay it without --from',
  'no-step-failed': 'none of its steps failed: the request is at fault. Correct it and upload the file again',
  'history-gone':
    'Temporal no longer has its history. See in Aplos NCA whether its executions are there; if not, upload the file again',
} as const;

const named = ({ workflowId, fileName, errorCode }: Partial<UploadSummary> & { workflowId: string }) => ({
  workflowId,
  ...(fileName === undefined ? {} : { fileName }),
  ...(errorCode === undefined ? {} : { errorCode }),
});

const skipped = (
  upload: Partial<UploadSummary> & { workflowId: string },
  reason: ReplaySkipReason,
): ReplayOutcome => ({ ...named(upload), state: 'skipped', reason, why: skipReasons[reason] });

/** An activity as a run's history has it. */
interface Step {
  readonly activity: string;
  readonly completed: boolean;
  /** The event that a run is reset to, so that this activity, and what came after it, runs again. */
  readonly decidedBy: EventId;
}

type EventId = NonNullable<
  proto.temporal.api.history.v1.IActivityTaskScheduledEventAttributes['workflowTaskCompletedEventId']
>;

async function stepsOf(client: Client, { workflowId, runId }: UploadSummary): Promise<Step[]> {
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const completed = new Set(
    events?.map((event) => Number(event.activityTaskCompletedEventAttributes?.scheduledEventId ?? 0)),
  );
  return (events ?? []).flatMap(({ eventId, activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled?.workflowTaskCompletedEventId
      ? [
          {
            activity: scheduled.activityType?.name ?? '',
            completed: completed.has(Number(eventId)),
            decidedBy: scheduled.workflowTaskCompletedEventId,
          },
        ]
      : [],
  );
}

/** Steps that were decided together, such as several starts, are taken up together: what was started is found again. */
function resetPoint(steps: readonly Step[], from: ReplayFrom | undefined): Step | undefined {
  if (from === 'presign') return steps.find(({ activity }) => activity === 'presignUpload');
  if (from === 'start') return steps.findLast(({ activity }) => activity === 'startExecution');
  return steps.findLast(({ completed }) => !completed);
}

async function reset(
  client: Client,
  { workflowId, runId }: UploadSummary,
  { decidedBy, activity }: Step,
  { isPinned, requestedBy }: { isPinned: boolean; requestedBy: string | undefined },
): Promise<string> {
  const answer = await client.workflowService.resetWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId, runId },
    reason: `aplos-upload replay from ${activity}${requestedBy ? `, by ${requestedBy}` : ''}`,
    requestId: randomUUID(),
    workflowTaskFinishEventId: decidedBy,
    resetReapplyType: RESET_REAPPLY_TYPE_NONE,
    postResetOperations: isPinned ? [moveToCurrentVersion] : [],
  });
  return answer.runId;
}

/** The version that a run failed on may have no worker any more, and may be why it failed. */
const moveToCurrentVersion: PostResetOperation = {
  updateWorkflowOptions: {
    workflowExecutionOptions: { versioningOverride: { autoUpgrade: true } },
    updateMask: { paths: ['versioning_override'] },
  },
};

async function whereKept<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || (isGrpcServiceError(error) && error.code === NOT_FOUND))
      return undefined;
    throw error;
  }
}
