import { activityInfo, getClient } from '@temporalio/activity';
import { START_WAITS_SIGNAL, type WaitingStart } from '../contract/waiting-start.js';

/**
 * Signals the workflow that one of its starts waits until Aplos takes more executions: a workflow does not see the attempts of its
 * activities.
 *
 * @throws Error if Temporal does not respond, or the run has closed
 */
export async function reportWaiting(start: WaitingStart): Promise<void> {
  const { workflowId = '', runId } = activityInfo().workflowExecution ?? {};
  await getClient().workflow.getHandle(workflowId, runId).signal(START_WAITS_SIGNAL, start);
}
