import type { WorkflowService } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import { WORKFLOW_TYPE } from '../contract/names.js';
import { tryParseJson } from '../contract/parse-json.js';
import type { BatchFailure, EndState } from '../contract/webhooks.js';
import { pagesOf } from './pages.js';
import { canBeQueried, quoteForQuery } from './query.js';

const { WorkflowExecutionStatus } = proto.temporal.api.enums.v1;

const endStates: ReadonlyMap<number, EndState> = new Map([
  [WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_COMPLETED, 'done'],
  [WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_FAILED, 'failed'],
  [WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_CANCELED, 'cancelled'],
  [WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_TERMINATED, 'terminated'],
  [WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_TIMED_OUT, 'timed-out'],
]);

/** Returns the state of a run by its status at Temporal; `undefined` if it is running. */
export const endStateOf = (status: number | null | undefined): EndState | undefined =>
  endStates.get(status ?? 0);

/** An upload of a batch that has ended: the latest run of its workflow ID. */
export type EndedUpload = BatchFailure & { readonly closedMs: number };

/** Uploads of a batch at one moment. */
export interface BatchUploads {
  /** Number of uploads that are running. */
  readonly running: number;
  /** The others, by workflow ID. Not read if there are running ones. */
  readonly ended: readonly EndedUpload[];
}

/**
 * Reads the uploads of a batch from Temporal's list.
 *
 * @returns `undefined` if Temporal cannot search for the batch
 */
export async function readBatch(
  workflowService: WorkflowService,
  namespace: string,
  { profile, batch }: { readonly profile: string; readonly batch: string },
): Promise<BatchUploads | undefined> {
  if (!canBeQueried(profile) || !canBeQueried(batch)) return undefined;
  const query = [
    `WorkflowType = '${WORKFLOW_TYPE}'`,
    `AplosProfile = ${quoteForQuery(profile)}`,
    `AplosBatch = ${quoteForQuery(batch)}`,
  ].join(' AND ');
  const running = await workflowService.countWorkflowExecutions({
    namespace,
    query: `${query} AND ExecutionStatus = 'Running'`,
  });
  if (Number(running.count) > 0) return { running: Number(running.count), ended: [] };
  const latest = new Map<string, EndedUpload & { readonly startedMs: number }>();
  const pages = pagesOf((token) => workflowService.listWorkflowExecutions({ namespace, query, ...token }));
  for await (const { executions } of pages)
    for (const { execution, status, startTime, closeTime, searchAttributes } of executions) {
      const workflowId = execution?.workflowId ?? '';
      const state = endStateOf(status);
      if (!state) return { running: 1, ended: [] };
      const startedMs = optionalTsToMs(startTime) ?? 0;
      if ((latest.get(workflowId)?.startedMs ?? -1) > startedMs) continue;
      const { AplosFileName, AplosErrorCode } = searchAttributes?.indexedFields ?? {};
      const [fileName, code] = [textOf(AplosFileName), textOf(AplosErrorCode)];
      latest.set(workflowId, {
        workflowId,
        ...(fileName === undefined ? {} : { fileName }),
        state,
        ...(code === undefined || state !== 'failed' ? {} : { code }),
        startedMs,
        closedMs: optionalTsToMs(closeTime) ?? 0,
      });
    }
  const ended = [...latest.values()].map(({ startedMs, ...upload }) => upload);
  return { running: 0, ended: ended.sort((a, b) => (a.workflowId < b.workflowId ? -1 : 1)) };
}

/** Returns the value of a search attribute: text, or the first of a list. */
function textOf(payload: Payload | null | undefined): string | undefined {
  const value = tryParseJson(Buffer.from(payload?.data ?? []).toString());
  const first = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' ? first : undefined;
}
