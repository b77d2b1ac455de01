import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import type { SearchAttributeName } from '../contract/search-attributes.js';
import { runsOf } from './runs.js';
import { stateOf, type UploadState } from './states.js';

/** An upload, as far as Temporal's list of workflows knows it. */
export interface UploadSummary {
  readonly workflowId: string;
  readonly runId: string;
  readonly state: UploadState;
  readonly fileName?: string;
  readonly profile?: string;
  /** Batches that the upload counts for. */
  readonly batches: readonly string[];
  readonly requestedBy?: string;
  readonly fileId?: string;
  readonly executionIds: readonly string[];
  readonly startedAt: Date;
  readonly closedAt?: Date;
  /**
   * Error code of a failed upload. For a running one, the code of a step that fails again and again, or of what it waits for:
   * `HOST_WITHOUT_WORKER` or `EXECUTIONS_LIMITED`.
   */
  readonly errorCode?: string;
}

/** Returns the latest run of an upload. */
export const latestRun = async (client: Client, workflowId: string): Promise<UploadSummary> =>
  summaryOf(await runsOf(client).getHandle(workflowId).describe());

/** Summarizes an upload from Temporal's list, or from its description of a run. */
export function summaryOf(
  info: Pick<
    WorkflowExecutionInfo,
    'workflowId' | 'runId' | 'status' | 'searchAttributes' | 'startTime' | 'closeTime'
  >,
): UploadSummary {
  const { workflowId, runId, status, searchAttributes, startTime, closeTime } = info;
  const values = (name: SearchAttributeName) => searchAttributes[name] as readonly string[] | undefined;
  const optional = (key: keyof UploadSummary, name: SearchAttributeName) => {
    const value = values(name)?.[0];
    return value === undefined ? {} : { [key]: value };
  };
  return {
    workflowId,
    runId,
    state: stateOf(status),
    ...optional('fileName', 'AplosFileName'),
    ...optional('profile', 'AplosProfile'),
    batches: values('AplosBatch') ?? [],
    ...optional('requestedBy', 'AplosRequestedBy'),
    ...optional('fileId', 'AplosFileId'),
    executionIds: values('AplosExecutionIds') ?? [],
    startedAt: startTime,
    ...(closeTime ? { closedAt: closeTime } : {}),
    ...optional('errorCode', 'AplosErrorCode'),
  };
}
