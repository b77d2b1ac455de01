import type { WorkflowService } from '@temporalio/client';

/** Whether a workflow id has had a run before the current one, be it failed, cancelled or reset. */
export async function hasEarlierRuns(
  workflowService: WorkflowService,
  namespace: string,
  workflowId: string,
): Promise<boolean> {
  const query = `WorkflowId = '${workflowId.replaceAll("'", "''")}'`;
  const { count } = await workflowService.countWorkflowExecutions({ namespace, query });
  return count.toNumber() > 1;
}
