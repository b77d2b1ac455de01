import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { TASK_QUEUE, WORKFLOW_TYPE } from '../../src/contract/names.js';

/** Starts an upload with these payloads, as any SDK can. Returns its workflow ID. */
export async function startWithPayloads(client: Client, payloads: Payload[]): Promise<string> {
  const workflowId = randomUUID();
  await client.workflowService.startWorkflowExecution({
    namespace: client.options.namespace,
    workflowId,
    requestId: workflowId,
    workflowType: { name: WORKFLOW_TYPE },
    taskQueue: { name: TASK_QUEUE },
    input: { payloads },
  });
  return workflowId;
}
