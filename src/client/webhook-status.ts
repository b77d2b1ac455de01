import type { Client } from '@temporalio/client';
import { webhookWorkflowId } from '../contract/names.js';
import { readFailure, type StoredFailure } from './failures.js';
import { runsOf, unlessGone } from './runs.js';
import { stateOf } from './states.js';
import type { UploadSummary } from './summary.js';

/** The webhook of an upload that has ended. */
export interface WebhookStatus {
  readonly workflowId: string;
  readonly state: 'sending' | 'delivered' | 'failed';
  /** Code and message of a webhook that was not delivered. */
  readonly failure?: StoredFailure;
}

/**
 * Returns the status of the webhook of an upload that has ended.
 *
 * @param firstRunId first run of the chain that resets created
 * @returns `undefined` if no webhook was requested, or Temporal no longer has it
 */
export async function readWebhookStatus(
  client: Client,
  { state, errorCode }: Pick<UploadSummary, 'state' | 'errorCode'>,
  firstRunId: string,
): Promise<WebhookStatus | undefined> {
  const workflowId = webhookWorkflowId(firstRunId, state, errorCode);
  const description = await unlessGone(runsOf(client).getHandle(workflowId).describe());
  if (!description) return undefined;
  const webhookState = stateOf(description.status);
  if (webhookState === 'running') return { workflowId, state: 'sending' };
  if (webhookState === 'done') return { workflowId, state: 'delivered' };
  const failure = await unlessGone(readFailure(client, { workflowId, runId: description.runId }));
  return failure && { workflowId, state: 'failed', failure };
}
