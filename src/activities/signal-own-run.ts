import { activityInfo, getClient } from '@temporalio/activity';

/**
 * Signals the run that this activity belongs to.
 *
 * @throws Error if Temporal does not respond, or the run has closed
 */
export async function signalOwnRun(signal: string, argument: object): Promise<void> {
  const { workflowId = '', runId } = activityInfo().workflowExecution ?? {};
  await getClient().workflow.getHandle(workflowId, runId).signal(signal, argument);
}
