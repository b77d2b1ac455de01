import { defineWorkflowOptions } from '@temporalio/workflow';
import { WEBHOOK_WORKFLOW_TYPE } from '../contract/names.js';
import type { WebhookDelivery } from '../contract/webhooks.js';
import { sendWebhook, watchBatches } from './activities.js';
import { workflowFailure } from './failures.js';
import { undecodedArguments } from './undecoded-arguments.js';

/**
 * Sends the webhook of an upload that has ended, and has its batches watched. It is a workflow of its own, so that a receiver that
 * does not respond neither delays nor changes the result of the upload.
 *
 * @param input one `RunRef`, undecoded, so that a malformed argument fails the workflow instead of blocking it
 * @returns how the webhook was delivered
 * @throws ApplicationFailure with a code of the error table as its type
 */
export async function notifyUpload(...input: unknown[]): Promise<WebhookDelivery> {
  try {
    // A receiver that does not respond must not delay the webhook of the batch.
    const [sent, watched] = await Promise.allSettled([
      sendWebhook(input[0], input.length),
      watchBatches(input[0], input.length),
    ]);
    if (sent.status === 'rejected') throw sent.reason;
    if (watched.status === 'rejected') throw watched.reason;
    const [delivery] = sent.value;
    return delivery;
  } catch (error) {
    throw workflowFailure(error, WEBHOOK_WORKFLOW_TYPE);
  }
}

defineWorkflowOptions(notifyUpload, { staticOptions: undecodedArguments });
