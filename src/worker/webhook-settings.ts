import { UploadError } from '../contract/errors.js';
import type { Settings } from '../settings/settings.js';
import { quote } from '../util/quote.js';
import { whyForbidden } from '../webhooks/sender.js';

/**
 * Checks that the webhooks of the accounts can be sent, so that a mistake is found when the worker starts, not when an upload ends.
 *
 * @throws UploadError `SETTINGS_INVALID`
 */
export function assertWebhooksCanBeSent({
  profiles,
  webhookHosts,
}: Pick<Settings, 'profiles' | 'webhookHosts'>): void {
  for (const [name, { webhookUrl, webhookSecrets }] of profiles) {
    if (webhookUrl === undefined) continue;
    const problem = whyForbidden(new URL(webhookUrl), webhookHosts);
    if (problem !== undefined)
      throw new UploadError(
        'SETTINGS_INVALID',
        `The webhooks of the account ${quote(name)} cannot be sent: ${problem}`,
        {
          action: 'Correct APLOS_UPLOAD_WEBHOOK, or add its host to APLOS_UPLOAD_WEBHOOK_HOSTS.',
        },
      );
    if (webhookSecrets === undefined)
      throw new UploadError(
        'SETTINGS_INVALID',
        `The webhooks of the account ${quote(name)} cannot be signed`,
        {
          action: 'Set APLOS_UPLOAD_WEBHOOK_SECRET or APLOS_UPLOAD_WEBHOOK_SECRET_FILE.',
        },
      );
  }
}
