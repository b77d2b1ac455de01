import { defineSignal, defineWorkflowOptions, setHandler } from '@temporalio/workflow';
import { BATCH_CHANGED_SIGNAL, BATCH_WEBHOOK_WORKFLOW_TYPE } from '../contract/names.js';
import type { WebhookDelivery } from '../contract/webhooks.js';
import { awaitBatch, sendBatchWebhook } from './activities.js';
import { workflowFailure } from './failures.js';
import { undecodedArguments } from './undecoded-arguments.js';

const batchChanged = defineSignal<unknown[]>(BATCH_CHANGED_SIGNAL, undecodedArguments);

/**
 * Sends the webhook of a batch once its last upload has ended. If an upload ends while the webhook is being sent, the batch is checked
 * again; a batch whose uploads have ended as before is not reported again.
 *
 * @param input one `BatchWebhookInput`, undecoded, so that a malformed argument fails the workflow instead of blocking it
 * @returns how each webhook was delivered
 * @throws ApplicationFailure with a code of the error table as its type
 */
export async function notifyBatch(...input: unknown[]): Promise<readonly WebhookDelivery[]> {
  let hasChanged = true;
  setHandler(batchChanged, () => {
    hasChanged = true;
  });
  const deliveries: WebhookDelivery[] = [];
  try {
    while (hasChanged) {
      hasChanged = false;
      const [event] = await awaitBatch(input[0], input.length);
      if (deliveries.some(({ webhookId }) => webhookId === event.id)) continue;
      const [delivery] = await sendBatchWebhook(input[0], input.length, event);
      deliveries.push(delivery);
    }
    return deliveries;
  } catch (error) {
    throw workflowFailure(error, BATCH_WEBHOOK_WORKFLOW_TYPE);
  }
}

defineWorkflowOptions(notifyBatch, { staticOptions: undecodedArguments });
