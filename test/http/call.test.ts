import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { callOnce, type HttpCall } from '../../src/http/call.js';

/** Starts a server for the running test, and returns a call of it. */
async function callOf(listener: RequestListener): Promise<HttpCall> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    purpose: 'list the executions',
    method: 'GET',
    url,
    unreachable: 'API_UNREACHABLE',
    oversized: 'API_ANSWER_UNEXPECTED',
    maxBytes: 1000,
  };
}

function newDispatcher(): Agent {
  const agent = new Agent();
  onTestFinished(() => agent.destroy());
  return agent;
}

/** Sends a byte now and then until the client closes the connection. */
const drip: RequestListener = async (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  while (!response.destroyed) {
    response.write(' ');
    await sleep(50);
  }
};

describe('callOnce', () => {
  it('returns the whole response, whatever its status', async () => {
    const call = await callOf((_request, response) => response.writeHead(418).end('short and stout'));
    const response = await callOnce(call, newDispatcher());
    expect(response).toMatchObject({ status: 418, text: 'short and stout' });
  });

  it('ends at its deadline if the server keeps sending a byte now and then', async () => {
    const call = await callOf(drip);
    await expect(callOnce({ ...call, deadlineMs: 400 }, newDispatcher())).rejects.toMatchObject({
      code: 'API_UNREACHABLE',
      message: expect.stringContaining('the response was not complete in time'),
    });
  });

  it('ends at its deadline if the server never responds', async () => {
    const call = await callOf(() => {});
    await expect(callOnce({ ...call, deadlineMs: 200 }, newDispatcher())).rejects.toMatchObject({
      code: 'API_UNREACHABLE',
    });
  });

  it('throws the reason of its signal if it is aborted', async () => {
    const call = await callOf(drip);
    const aborted = new Error('stopped');
    await expect(callOnce(call, newDispatcher(), AbortSignal.any([AbortSignal.abort(aborted)]))).rejects.toBe(
      aborted,
    );
  });

  it('sends nothing if the check right before the first byte throws', async () => {
    let requests = 0;
    const call = await callOf((_request, response) => {
      requests++;
      response.end();
    });
    const tooLate = new Error('too late');
    const beforeSending = async () => () => {
      throw tooLate;
    };
    await expect(
      callOnce({ ...call, method: 'POST', body: '{}', beforeSending }, newDispatcher()),
    ).rejects.toBe(tooLate);
    await sleep(100);
    expect(requests).toBe(0);
  });

  it('sends a checked body as it is, with its length', async () => {
    let received: unknown;
    const call = await callOf(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += String(chunk);
      received = { text, length: request.headers['content-length'] };
      response.end();
    });
    const body = '{"é":1}';
    await callOnce({ ...call, method: 'POST', body, beforeSending: async () => () => {} }, newDispatcher());
    expect(received).toEqual({ text: body, length: `${Buffer.byteLength(body)}` });
  });
});
