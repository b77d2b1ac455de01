import type { WorkflowService } from '@temporalio/client';
import { canBeQueried, quoteForQuery } from './query.js';

/**
 * Whether a workflow id has had another run than this one, be it failed, cancelled or reset. `true` where
 * Temporal cannot tell. It may not see the run itself yet, so that is not counted.
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
