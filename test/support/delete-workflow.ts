import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';

const POLL_MS = 200;
/** A busy dev server gives up some deletions, so they are requested again. */
const POLLS_PER_REQUEST = 150;

/** Deletes a completed workflow, as Temporal does at the end of its retention, and waits until it is gone. */
export async function deleteWorkflow(client: Client, workflowId: string): Promise<void> {
  const { namespace } = client.options;
  for (let polls = 0; await exists(client, workflowId); polls++) {
    if (polls % POLLS_PER_REQUEST === 0)
      await client.workflowService
        .deleteWorkflowExecution({ namespace, workflowExecution: { workflowId } })
        .catch(() => {}); // it was deleted just now, or is deleted by a later call
    await sleep(POLL_MS);
  }
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
