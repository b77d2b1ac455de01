import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, it, onTestFinished, vi } from 'vitest';
import { Secret } from '../../../src/util/secret.js';
import { apiOf, CLAIMS, idToken, tokens } from '../../support/fake-aplos.js';
import { httpServer } from '../../support/s3-servers.js';

it('sends a call that has waited for longer than its token lasts with a new one', async () => {
  const held: ServerResponse[] = [];
  const sent: (string | undefined)[] = [];
  let logins = 0;
  const url = await httpServer(async (request, response) => {
    if (request.url === '/') {
      response.end(JSON.stringify(tokens(idToken({ ...CLAIMS, jti: ++logins }))));
      return;
    }
    sent.push(request.headers.authorization);
    if (sent.length <= 5) held.push(response);
    else response.end('{"items":[]}');
    if (!response.writableEnded) await once(response, 'finish');
  });
  const api = apiOf({
    apiUrl: url.replace(/\/$/, ''),
    apiVersion: 'v1',
    startBody: 'v1',
    lookBackMs: 0,
    userName: 'jane@example.com',
    password: new Secret('right'),
    clientId: 'client',
    cognitoEndpoint: url,
  });
  const calls = Array.from({ length: 6 }, () => api.listExecutions());
  await expect.poll(() => held).toHaveLength(5);
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  vi.setSystemTime(Date.now() + 2 * 3_600_000);
  for (const response of held) response.end('{"items":[]}');
  await Promise.all(calls);
  expect(logins).toBe(2);
  expect(new Set(sent.slice(0, 5)).size).toBe(1);
  expect(sent[5]).not.toBe(sent[0]);
});
