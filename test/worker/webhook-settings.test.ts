import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/settings/load.js';
import { assertWebhooksCanBeSent } from '../../src/worker/webhook-settings.js';

const account = { COGNITO_USER_NAME: 'jane', COGNITO_PASSWORD: 'p' };
const webhook = {
  ...account,
  APLOS_UPLOAD_WEBHOOK: 'https://hooks.example.com/a/',
  APLOS_UPLOAD_WEBHOOK_SECRET: `whsec_${Buffer.alloc(24).toString('base64')}`,
  APLOS_UPLOAD_WEBHOOK_HOSTS: 'hooks.example.com',
};
const check = (env: NodeJS.ProcessEnv) => () => assertWebhooksCanBeSent(loadSettings(env));

describe('the settings of webhooks', () => {
  it('are optional, and complete if there is a URL, its host is listed, and there is a secret', () => {
    for (const env of [account, { ...webhook, APLOS_UPLOAD_WEBHOOK: undefined }, webhook])
      expect(check(env)).not.toThrow();
  });

  it('keep the URL as it is, and mask it and the secret', () => {
    const { webhookUrl, webhookSecrets } = loadSettings(webhook).profiles.get('default') ?? {};
    expect(webhookUrl).toBe(webhook.APLOS_UPLOAD_WEBHOOK);
    expect(JSON.stringify(webhookSecrets)).toBe('["[secret]"]');
  });

  it.each([
    ['the host is not listed', { APLOS_UPLOAD_WEBHOOK_HOSTS: 'example.com' }, 'is not allow-listed'],
    ['no host is listed', { APLOS_UPLOAD_WEBHOOK_HOSTS: undefined }, 'APLOS_UPLOAD_WEBHOOK_HOSTS is not set'],
    ['the address is private', { APLOS_UPLOAD_WEBHOOK: 'https://10.0.0.1/' }, 'is not public'],
    ['there is no secret', { APLOS_UPLOAD_WEBHOOK_SECRET: undefined }, 'cannot be signed'],
    [
      'the URL is not encrypted',
      { APLOS_UPLOAD_WEBHOOK: 'http://hooks.example.com' },
      'must be an https URL',
    ],
    ['the secret is too short', { APLOS_UPLOAD_WEBHOOK_SECRET: 'whsec_c2hvcnQ=' }, 'whsec_KEY'],
    [
      'the secret has no prefix',
      { APLOS_UPLOAD_WEBHOOK_SECRET: Buffer.alloc(24).toString('base64') },
      'whsec_KEY',
    ],
  ])('are refused when the worker starts if %s', (_what, change, message) => {
    expect(check({ ...webhook, ...change })).toThrow(message);
  });
});
