import type { Client } from '@temporalio/client';
import { optionalTsToDate } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import type { RunReset } from '../contract/receipt.js';
import type { RunRef } from '../contract/stored-file.js';

const { WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW } = proto.temporal.api.enums.v1.WorkflowTaskFailedCause;

/** Reads the resets in the history of a run, the first one first. A reset to a point before another one hides that one. */
export async function readResets(client: Client, { workflowId, runId }: RunRef): Promise<RunReset[]> {
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  return (events ?? []).flatMap(({ eventTime, workflowTaskFailedEventAttributes: failed }) =>
    failed?.cause === WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW
      ? [
          {
            at: optionalTsToDate(eventTime)?.toISOString() ?? '',
            runId: failed.baseRunId ?? '',
            reason: failed.failure?.message ?? '',
          },
        ]
      : [],
  );
}
