import type { Client } from '@temporalio/client';
import type proto from '@temporalio/proto';
import type { RunRef } from '../contract/stored-file.js';

/** An event in the history of a run. */
export type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;

/** Reads the first event of a run, which has the argument of the workflow. */
export async function readFirstEvent(client: Client, run: RunRef): Promise<HistoryEvent | undefined> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory(oneEventOf(client, run));
  return history?.events?.[0];
}

/** Reads the last event of a run, which says how it ended. */
export async function readLastEvent(client: Client, run: RunRef): Promise<HistoryEvent | undefined> {
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse(
    oneEventOf(client, run),
  );
  return history?.events?.[0];
}

const oneEventOf = ({ options: { namespace } }: Client, { workflowId, runId }: RunRef) => ({
  namespace,
  execution: { workflowId, runId },
  maximumPageSize: 1,
});
