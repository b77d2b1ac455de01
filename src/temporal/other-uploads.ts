import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowService } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import { errorTable, isErrorCode } from '../contract/error-table.js';
import { WORKFLOW_TYPE } from '../contract/names.js';
import { tryParseJson } from '../contract/parse-json.js';
import { contentPrefixOf } from '../contract/workflow-id.js';
import { pagesOf } from './pages.js';
import { canBeQueried, fileNameConditions, quoteForQuery } from './query.js';

const {
  WORKFLOW_EXECUTION_STATUS_RUNNING: RUNNING,
  WORKFLOW_EXECUTION_STATUS_COMPLETED: COMPLETED,
  WORKFLOW_EXECUTION_STATUS_FAILED: FAILED,
} = proto.temporal.api.enums.v1.WorkflowExecutionStatus;
const { PENDING_ACTIVITY_STATE_STARTED: STARTED } = proto.temporal.api.enums.v1.PendingActivityState;
type Run = proto.temporal.api.common.v1.IWorkflowExecution;
type ListedRun = proto.temporal.api.workflow.v1.IWorkflowExecutionInfo;
type Payload = proto.temporal.api.common.v1.IPayload;

/** Identity of an attempt of `startExecution`. */
export interface StartIdentity {
  readonly workflowId: string;
  readonly runId: string;
  readonly activityId: string;
  /** Time at which the attempt was scheduled, in milliseconds since 1970 by Temporal's clock. */
  readonly scheduledMs: number;
}

/** Which other runs may start the same analyses. */
export interface OtherUploadsQuery {
  /** Name of the file, which all of them have. */
  readonly fileName: string;
  /** Runs that closed earlier are left out, in milliseconds since 1970 by Temporal's clock. */
  readonly closedSinceMs: number;
}

/** Other runs that may start the same analyses. */
export interface OtherUploads {
  /** ID of a workflow that is starting analyses of the same content, and began before this attempt. */
  readonly ahead: string | undefined;
  /** Latest time at which another run may have sent a start, in milliseconds since 1970 by Temporal's clock. -Infinity if none did. */
  readonly mayHaveSentUntilMs: number;
  /**
   * Starts of runs that closed, all of which Aplos acknowledged. A list that shows these executions shows all that the runs
   * started.
   */
  readonly acknowledged: { readonly untilMs: number; readonly executionIds: readonly string[] };
}

/**
 * Returns what others may have started: earlier runs of a workflow id, and workflows whose id differs only in the analyses
 * that they ask for. Of several that start at the same time, exactly one has nobody ahead. Waits until Temporal's list, which lags,
 * shows the own run: until then, the others do not see it.
 */
export async function otherUploads(
  workflowService: WorkflowService,
  namespace: string,
  attempt: StartIdentity,
  query: OtherUploadsQuery,
): Promise<OtherUploads> {
  const listed = await listRuns(workflowService, namespace, attempt, query);
  if (!listed)
    return {
      ahead: undefined,
      mayHaveSentUntilMs: attempt.scheduledMs,
      acknowledged: { untilMs: Number.NEGATIVE_INFINITY, executionIds: [] },
    };
  const executions = listed.filter(({ execution }) => execution?.runId !== attempt.runId);
  const closed = executions.filter(({ status }) => status !== RUNNING).map(toClosedUpload);
  const doubtful = closed.filter(({ executionIds }) => executionIds === undefined);
  const finished = closed.filter(({ executionIds }) => executionIds && executionIds.length > 0);
  const acknowledged = {
    untilMs: latest(finished),
    executionIds: finished.flatMap(({ executionIds = [] }) => executionIds),
  };
  const running = executions.flatMap(({ status, execution }) =>
    status === RUNNING && execution ? [execution] : [],
  );
  if (running.length === 0) return { ahead: undefined, mayHaveSentUntilMs: latest(doubtful), acknowledged };

  const states = await Promise.all(running.map((run) => startsOf(workflowService, namespace, run)));
  const { workflowId, runId, activityId, scheduledMs } = attempt;
  const own = await startsOf(workflowService, namespace, { workflowId, runId });
  const ownOrder = own.running.find((each) => each.activityId === activityId);
  const ahead = states.find(({ running: starts }) =>
    starts.some((each) => ownOrder === undefined || isBefore(each, ownOrder)),
  );
  const othersMayHaveSent = states.some(({ hasStarted }) => hasStarted);
  return {
    ahead: ahead?.workflowId,
    mayHaveSentUntilMs: Math.max(
      othersMayHaveSent ? scheduledMs : Number.NEGATIVE_INFINITY,
      latest(doubtful),
    ),
    acknowledged,
  };
}

/** Pauses between looks at a list that does not show the own run yet. */
const PAUSES_MS = [200, 400, 800, 1_600];

/**
 * Lists the runs of the same content, the own run included.
 *
 * @returns `undefined` if the list cannot be searched for them, or does not show the own run
 */
async function listRuns(
  workflowService: WorkflowService,
  namespace: string,
  { workflowId, runId }: StartIdentity,
  { fileName, closedSinceMs }: OtherUploadsQuery,
): Promise<ListedRun[] | undefined> {
  if (!canBeQueried(workflowId)) return undefined;
  const query = [
    `WorkflowType = '${WORKFLOW_TYPE}'`,
    ...fileNameConditions(fileName),
    `WorkflowId STARTS_WITH ${quoteForQuery(contentPrefixOf(workflowId))}`,
    `(ExecutionStatus = 'Running' OR CloseTime >= '${new Date(closedSinceMs).toISOString()}')`,
  ].join(' AND ');
  for (const pauseMs of [...PAUSES_MS, undefined]) {
    const { executions } = await workflowService.listWorkflowExecutions({ namespace, query });
    if (executions.some(({ execution }) => execution?.runId === runId)) return executions;
    if (pauseMs !== undefined) await sleep(pauseMs);
  }
  return undefined;
}

/** A run that has closed. */
interface ClosedUpload {
  readonly closedMs: number;
  /** All executions that the run started. `undefined` if Aplos may not have acknowledged all of them. */
  readonly executionIds: readonly string[] | undefined;
}

/** A run that completed or failed had waited for all of its starts. Its search attribute has all executions, unless it is full. */
function toClosedUpload({ status, closeTime, searchAttributes }: ListedRun): ClosedUpload {
  const { AplosExecutionIds: executions, AplosErrorCode: code } = searchAttributes?.indexedFields ?? {};
  const errorCode = code && tryParseJson(textOf(code));
  const isDoubtful =
    (status !== COMPLETED && status !== FAILED) ||
    (isErrorCode(errorCode) && errorTable[errorCode].mayHaveStarted) ||
    textOf(executions).length > MAX_COMPLETE_BYTES;
  const ids = tryParseJson(textOf(executions));
  return {
    closedMs: optionalTsToMs(closeTime) ?? 0,
    executionIds: isDoubtful ? undefined : Array.isArray(ids) ? ids.map(String) : [],
  };
}

/** A search attribute of executions that is longer than this may be cut off. */
const MAX_COMPLETE_BYTES = 1_800;

const textOf = (payload: Payload | null | undefined): string => Buffer.from(payload?.data ?? []).toString();

const latest = (closed: readonly ClosedUpload[]): number =>
  Math.max(Number.NEGATIVE_INFINITY, ...closed.map(({ closedMs }) => closedMs));

interface RunningStart {
  readonly workflowId: string;
  readonly activityId: string;
  readonly startedMs: number;
}

/** Returns the attempts of `startExecution` that a run has in progress, and whether it may have started anything. */
async function startsOf(workflowService: WorkflowService, namespace: string, execution: Run) {
  const { pendingActivities, workflowExecutionInfo } = await workflowService.describeWorkflowExecution({
    namespace,
    execution,
  });
  const workflowId = execution.workflowId ?? '';
  const starts = pendingActivities.filter(({ activityType }) => activityType?.name === 'startExecution');
  const attributes = workflowExecutionInfo?.searchAttributes?.indexedFields ?? {};
  return {
    workflowId,
    hasStarted:
      starts.length > 0 ||
      'AplosExecutionIds' in attributes ||
      (await hasStart(workflowService, namespace, execution)),
    running: starts
      .filter(({ state }) => state === STARTED)
      .map(
        ({ activityId, lastStartedTime }): RunningStart => ({
          workflowId,
          activityId: activityId ?? '',
          startedMs: optionalTsToMs(lastStartedTime) ?? 0,
        }),
      ),
  };
}

/**
 * Reports whether a run has begun to start an execution. Asks its history, because a start that has just been completed is neither
 * pending nor among the search attributes.
 */
async function hasStart(
  workflowService: WorkflowService,
  namespace: string,
  execution: Run,
): Promise<boolean> {
  const pages = pagesOf((token) =>
    workflowService.getWorkflowExecutionHistory({ namespace, execution, ...token }),
  );
  for await (const { history } of pages)
    for (const { activityTaskScheduledEventAttributes: scheduled } of history?.events ?? [])
      if (scheduled?.activityType?.name === 'startExecution') return true;
  return false;
}

const isBefore = (a: RunningStart, b: RunningStart): boolean =>
  a.startedMs === b.startedMs
    ? a.workflowId + a.activityId < b.workflowId + b.activityId
    : a.startedMs < b.startedMs;
