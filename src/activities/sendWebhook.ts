import { createHash } from 'node:crypto';
import { cancellationSignal } from '@temporalio/activity';
import { UploadError } from '../contract/errors.js';
import { canonicalJson } from '../contract/json.js';
import type { RunRef } from '../contract/stored-file.js';
import {
  parseRunRef,
  type UploadEvent,
  type WebhookDelivery,
  type WebhookEvent,
} from '../contract/webhooks.js';
import type { ActivityDependencies } from './dependencies.js';
import { decodeInput } from './raw-input.js';
import type { RunEnd } from './read-run-end.js';

/** A run closes right after it has started the workflow of its webhook. */
const RUNNING_PAUSE_MS = 1_000;

/**
 * Sends the webhook of a run that has ended. What it says is read from Temporal, so that whoever starts the workflow can repeat a
 * webhook, but not forge one.
 */
export const sendWebhook =
  ({ webhooks, readRunEnd }: Pick<ActivityDependencies, 'webhooks' | 'readRunEnd'>) =>
  async (input: unknown, argumentCount: number): Promise<[WebhookDelivery]> => {
    const run = parseRunRef(decodeInput(input, argumentCount));
    const end = await readRunEnd(run);
    if (!end)
      throw new UploadError('WEBHOOK_UNDELIVERED', `${run.workflowId} has not ended yet`, {
        retryAfterMs: RUNNING_PAUSE_MS,
        action: 'The step is retried.',
      });
    const { profile, webhook } = end.request;
    return [await deliver({ webhooks }, { profile, webhook }, eventOf(run, end))];
  };

/** Sends an event, and returns how it was delivered. */
export async function deliver(
  { webhooks }: Pick<ActivityDependencies, 'webhooks'>,
  { profile, webhook }: { readonly profile: string; readonly webhook?: string | undefined },
  event: WebhookEvent,
): Promise<WebhookDelivery> {
  const delivered = await webhooks.send(profile, webhook, event, cancellationSignal());
  return {
    webhookId: event.id,
    type: event.type,
    ...delivered,
    deliveredAt: new Date().toISOString(),
  };
}

/** Returns the event of a run that has ended. */
export function eventOf({ workflowId, runId }: RunRef, end: RunEnd): UploadEvent & { readonly id: string } {
  const { request, firstRunId, state, endedAt, receipt, error } = end;
  const { profile, fileName, batch, requestedBy } = request;
  return {
    id: webhookIdOf({ workflowId, firstRunId, state, code: error?.code }),
    type: `upload.${state}`,
    timestamp: endedAt.toISOString(),
    data: {
      workflowId,
      runId,
      profile,
      fileName,
      state,
      ...(batch === undefined ? {} : { batch }),
      ...(requestedBy === undefined ? {} : { requestedBy }),
      ...(receipt ? { receipt } : {}),
      ...(error ? { error } : {}),
    },
  };
}

/** Returns the ID of a webhook, derived from what it reports: the same ending has the same ID, also after a reset of the run. */
export const webhookIdOf = (ending: object): string =>
  `msg_${createHash('sha256').update(canonicalJson(ending)).digest('hex').slice(0, 32)}`;
