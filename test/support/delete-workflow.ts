import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';

const POLL_MS = 200;

/**
 * Deletes a completed workflow, as Temporal does at the end of its retention, and waits until it is gone.
 *
 * @param withinMs how long to wait, in milliseconds; a busy dev server takes minutes
 * @returns whether it is gone
 */
export async function deleteWorkflow(client: Client, workflowId: string, withinMs: number): Promise<boolean> {
  const { namespace } = client.options;
  await client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution: { workflowId } });
  const giveUpAt = performance.now() + withinMs;
  while (await exists(client, workflowId)) {
    if (performance.now() > giveUpAt) return false;
    await sleep(POLL_MS);
  }
  return true;
}

async function exists(client: Client, workflowId: string): Promise<boolean> {
  try {
    await client.workflow.getHandle(workflowId).describe();
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
