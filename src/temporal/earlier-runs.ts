import type { WorkflowService } from '@temporalio/client';
import { canBeQueried, quoteForQuery } from './query.js';

/**
 * Reports whether a workflow id had another run than this one, whatever its status. Returns `true` if no query can find
 * the workflow id. The query leaves this run out, because Temporal may not list it yet.
 */
export async function hasEarlierRuns(
  workflowService: WorkflowService,
  namespace: string,
  workflowId: string,
  runId: string,
): Promise<boolean> {
  if (!canBeQueried(workflowId)) return true;
  const query = `WorkflowId = ${quoteForQuery(workflowId)} AND RunId != '${runId}'`;
  const { count } = await workflowService.countWorkflowExecutions({ namespace, query });
  return count.toNumber() > 0;
}
