import type { WorkflowExecutionInfo } from '@temporalio/client';

/** Status of an upload. */
export type UploadState = 'running' | CompletedState;

/** Status of an upload that is no longer running. */
export type CompletedState = keyof typeof temporalStatuses;

/**
 * Result of a start: `started` by this call; `running` or `done` if the same work was started before; `repeated` if it was done
 * before, but not in this batch: a new run asks Aplos whether it still has everything.
 */
export type StartState = 'started' | 'running' | 'done' | 'repeated';

/** The status in Temporal's SDK, and its name in queries, for each way in which a workflow can end. */
const temporalStatuses = {
  done: { status: 'COMPLETED', inQuery: 'Completed' },
  failed: { status: 'FAILED', inQuery: 'Failed' },
  cancelled: { status: 'CANCELLED', inQuery: 'Canceled' },
  terminated: { status: 'TERMINATED', inQuery: 'Terminated' },
  'timed-out': { status: 'TIMED_OUT', inQuery: 'TimedOut' },
} as const;

/** States that count as failures: the upload ended without a receipt, and nobody cancelled or terminated it. */
const FAILED_STATES = ['failed', 'timed-out'] as const satisfies readonly CompletedState[];

/** Queries for the uploads in a state. */
export const STATE_QUERIES = {
  running: "ExecutionStatus = 'Running'",
  done: `ExecutionStatus = '${temporalStatuses.done.inQuery}'`,
  failed: `ExecutionStatus IN (${FAILED_STATES.map((state) => `'${temporalStatuses[state].inQuery}'`).join(', ')})`,
} as const;

const states: ReadonlyMap<string, CompletedState> = new Map(
  Object.entries(temporalStatuses).map(([state, { status }]) => [status, state as CompletedState]),
);

/** Returns the state of an upload whose workflow has this status. */
export const stateOf = ({ name }: WorkflowExecutionInfo['status']): UploadState =>
  states.get(name) ?? 'running';
