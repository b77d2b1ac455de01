import { type BatchEvent, parseBatchWebhookInput, type WebhookDelivery } from '../contract/webhooks.js';
import type { ActivityDependencies } from './dependencies.js';
import { decodeInput } from './raw-input.js';
import { deliver } from './sendWebhook.js';

/** Sends the webhook of a batch whose last upload has ended. */
export const sendBatchWebhook =
  ({ webhooks }: Pick<ActivityDependencies, 'webhooks'>) =>
  async (
    input: unknown,
    argumentCount: number,
    event: BatchEvent & { readonly id: string },
  ): Promise<[WebhookDelivery]> => {
    const target = parseBatchWebhookInput(decodeInput(input, argumentCount));
    return [await deliver({ webhooks }, target, event)];
  };
