import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { WebhookEvent } from '../../src/contract/webhooks.js';
import { HostList } from '../../src/http/host-list.js';
import { Secret } from '../../src/util/secret.js';
import { type WebhookAccount, WebhookSender, webhookAgent } from '../../src/webhooks/sender.js';
import { webhookHeaders } from '../../src/webhooks/signature.js';
import { startReceiver, WEBHOOK_SECRET } from '../support/webhook-receiver.js';

const event: WebhookEvent = {
  id: 'msg_1',
  type: 'batch.ended',
  timestamp: '2026-01-01T00:00:00.000Z',
  data: { profile: 'default', batch: 'b', total: 1, states: { done: 1 }, failures: [] },
};

describe('webhookHeaders', () => {
  it('signs any body as Standard Webhooks does, with each of several secrets', () => {
    const now = Math.floor(Date.now() / 1000);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 24, maxLength: 64 }), fc.json(), fc.uuid(), (key, body, id) => {
        const secret = `whsec_${Buffer.from(key).toString('base64')}`;
        const secrets = [new Secret(WEBHOOK_SECRET), new Secret(secret)];
        const headers = webhookHeaders({ id, timestamp: now, body }, secrets);
        for (const each of [WEBHOOK_SECRET, secret])
          expect(new Webhook(each).verify(body, headers)).toEqual(JSON.parse(body));
        expect(headers['webhook-signature']?.split(' ')[0]).toBe(
          new Webhook(WEBHOOK_SECRET).sign(id, new Date(now * 1000), body),
        );
      }),
      { numRuns: 30 },
    );
  });
});

describe('WebhookSender', () => {
  let receiver: Awaited<ReturnType<typeof startReceiver>>;

  beforeAll(async () => {
    receiver = await startReceiver();
  });
  afterAll(() => receiver?.stop());

  function sender(
    account: WebhookAccount = {},
    allowed = ['127.0.0.1', 'localhost', 'hooks.example.com'],
    timeoutMs = 15_000,
  ) {
    const hosts = new HostList(allowed);
    const addresses: Record<string, string> = {
      'hooks.example.com': '10.0.0.7',
      'nowhere.example.com': '8.8.8.8',
    };
    return new WebhookSender({
      accounts: new Map([
        ['default', { webhookUrl: receiver.url, webhookSecrets: [new Secret(WEBHOOK_SECRET)], ...account }],
      ]),
      hosts,
      dispatcher: webhookAgent(hosts, {
        resolve: (hostname, _options, callback) =>
          callback(null, [{ address: addresses[hostname] ?? '127.0.0.1', family: 4 }]),
      }),
      timeoutMs,
    });
  }
  const sent = (requested?: string, account?: WebhookAccount, allowed?: string[]) =>
    sender(account, allowed).send('default', requested, event);

  it('sends an event to the URL of the account, or to that of the request', async () => {
    const before = receiver.received.length;
    expect(await sent()).toEqual({ host: new URL(receiver.url).host, status: 204 });
    await sent(`${receiver.url}/other?token=s3cret`);
    const { id, ...body } = event;
    expect(receiver.received.slice(before)).toEqual([
      { id, path: '/hook', event: body },
      { id, path: '/hook/other?token=s3cret', event: body },
    ]);
  });

  it.each([
    ['status 500', { status: 500 } as const, 'responded with status 500'],
    ['status 404', { status: 404 } as const, 'responded with status 404'],
    ['a dropped connection', 'drop' as const, 'did not respond (UND_ERR_SOCKET)'],
  ])('reports %s as undelivered, to be retried', async (_what, reaction, message) => {
    receiver.reactions.push(reaction);
    await expect(sent()).rejects.toMatchObject({
      code: 'WEBHOOK_UNDELIVERED',
      retryable: true,
      message: expect.stringContaining(message),
    });
  });

  it('reports a receiver that does not respond in time as undelivered', async () => {
    const silent = await startReceiver(); // of its own: the event may arrive there after the timeout
    onTestFinished(() => silent.stop());
    silent.reactions.push('hang');
    await expect(sender({}, undefined, 100).send('default', silent.url, event)).rejects.toMatchObject({
      code: 'WEBHOOK_UNDELIVERED',
      message: expect.stringContaining('no response within 0.1 s'),
    });
  });

  it('respects the pause that a receiver asks for', async () => {
    receiver.reactions.push({ status: 429, headers: { 'retry-after': '120' } });
    await expect(sent()).rejects.toMatchObject({ code: 'WEBHOOK_UNDELIVERED', retryAfterMs: 120_000 });
  });

  it('reports a receiver that is down as undelivered', async () => {
    await expect(sent('http://127.0.0.1:9/')).rejects.toMatchObject({ code: 'WEBHOOK_UNDELIVERED' });
  });

  it.each([301, 302, 307, 410])('does not retry and does not follow status %i', async (status) => {
    const attempts = receiver.attempts();
    receiver.reactions.push({ status, headers: { location: receiver.url } });
    await expect(sent()).rejects.toMatchObject({ code: 'WEBHOOK_REFUSED', remedy: 'final' });
    expect(receiver.attempts()).toBe(attempts + 1);
  });

  it.each([
    ['a host that is not listed', 'https://other.example.com/', 'is not allow-listed'],
    ['a name with a private address', 'https://hooks.example.com/', '10.0.0.7'],
    ['a private address', 'https://192.168.1.1/', '192.168.1.1'],
    ['the metadata of a virtual machine', 'https://169.254.169.254/', '169.254.169.254'],
    ['an unencrypted URL', 'http://hooks.example.com/', 'is not encrypted'],
    ['a password in the URL', 'https://jane:s3cret@hooks.example.com/', 'user name or password'],
    ['no URL', 's3cret', 'is not valid'],
  ])('sends nothing to %s', async (_what, url, message) => {
    const attempts = receiver.attempts();
    const error = (await sent(url).catch((each: unknown) => each)) as Error;
    expect(error).toMatchObject({ code: 'WEBHOOK_FORBIDDEN', message: expect.stringContaining(message) });
    expect(error.message).not.toContain('s3cret');
    expect(receiver.attempts()).toBe(attempts);
  });

  it('sends nothing without a secret, without allow-listed hosts, or for an unknown account', async () => {
    await expect(sent(undefined, { webhookSecrets: undefined })).rejects.toThrow('has no secret');
    await expect(sent(undefined, {}, [])).rejects.toThrow('APLOS_UPLOAD_WEBHOOK_HOSTS is not set');
    await expect(sender().send('other', undefined, event)).rejects.toMatchObject({
      code: 'WEBHOOK_FORBIDDEN',
    });
  });
});
