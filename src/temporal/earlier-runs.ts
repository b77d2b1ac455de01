import type { WorkflowService } from '@temporalio/client';

/** Temporal's query language finds no id with one of these in it, however they are written. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are among them
const NOT_TO_BE_FOUND = /["\\\u0000-\u001f]/;

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
  if (NOT_TO_BE_FOUND.test(workflowId)) return true;
  const query = `WorkflowId = '${workflowId.replaceAll("'", "''")}' AND RunId != '${runId}'`;
  const { count } = await workflowService.countWorkflowExecutions({ namespace, query });
  return count.toNumber() > 0;
}
