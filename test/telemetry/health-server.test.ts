import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { UploadError } from '../../src/contract/errors.js';
import { type Dependency, type HealthServer, startHealthServer } from '../../src/telemetry/health-server.js';

const HOUR_MS = 3_600_000;
const present: Dependency = { name: 'temporal', look: async () => {}, nextLookMs: () => HOUR_MS };
const REFUSED = new UploadError('LOGIN_REFUSED', 'Cognito refused the login');

async function served(
  workerState: () => string,
  needs: readonly Dependency[] = [present],
): Promise<HealthServer> {
  const server = await startHealthServer({ workerState, needs, host: '127.0.0.1', port: 0 });
  onTestFinished(() => server.stop());
  await turn();
  return server;
}

async function get(server: HealthServer, path: string, method = 'GET') {
  const response = await fetch(`${server.url}${path}`, { method });
  return { code: response.status, ...((await response.json()) as { status: string; checks: object }) };
}

describe('the health of a worker', () => {
  it('is good while it runs and has all that it needs', async () => {
    const server = await served(() => 'RUNNING');
    const checks = { worker: 'RUNNING', temporal: 'ok' };
    expect(await get(server, '/healthz')).toEqual({
      code: 200,
      status: 'alive',
      checks: { worker: 'RUNNING' },
    });
    expect(await get(server, '/readyz')).toEqual({ code: 200, status: 'ready', checks });
    expect(await get(server, '/readyz?verbose')).toMatchObject({ code: 200 });
  });

  it.each(['INITIALIZED', 'DRAINING', 'STOPPING', 'DRAINED'])(
    'is alive but not ready while it is %s',
    async (state) => {
      const server = await served(() => state);
      expect(await get(server, '/healthz')).toMatchObject({ code: 200 });
      expect(await get(server, '/readyz')).toMatchObject({ code: 503, checks: { worker: state } });
    },
  );

  it.each(['FAILED', 'STOPPED'])('is neither alive nor ready once it has %s', async (state) => {
    const server = await served(() => state);
    expect(await get(server, '/healthz')).toMatchObject({ code: 503, status: 'failed' });
    expect(await get(server, '/readyz')).toMatchObject({ code: 503 });
  });

  it('is alive but not ready, and says so at once, while a look has not ended', async () => {
    const server = await served(
      () => 'RUNNING',
      [present, { name: 'login default', look: () => new Promise(() => {}), nextLookMs: () => HOUR_MS }],
    );
    expect(await get(server, '/healthz')).toMatchObject({ code: 200 });
    expect(await get(server, '/readyz')).toMatchObject({
      code: 503,
      checks: { temporal: 'ok', 'login default': 'not looked at yet' },
    });
  });

  it('names what is missing, with its code and what to do', async () => {
    const server = await served(
      () => 'RUNNING',
      [{ ...present, name: 'login default', look: () => Promise.reject(REFUSED) }],
    );
    expect(await get(server, '/healthz')).toMatchObject({ code: 200 });
    expect(await get(server, '/readyz')).toEqual({
      code: 503,
      status: 'not ready',
      checks: { worker: 'RUNNING', 'login default': `LOGIN_REFUSED: ${REFUSED.message}` },
    });
  });

  it('is good again by itself when what was missing is back', async () => {
    let looks = 0;
    const look = async () => {
      if (++looks < 3) throw new Error('gone');
    };
    const server = await served(
      () => 'RUNNING',
      [{ name: 'temporal', look, nextLookMs: (error) => (error ? 1 : HOUR_MS) }],
    );
    await expect.poll(() => get(server, '/readyz')).toMatchObject({ code: 200 });
  });

  it('takes what was found out elsewhere', async () => {
    const server = await served(() => 'RUNNING');
    server.note('temporal', new Error('gone'));
    expect(await get(server, '/readyz')).toMatchObject({ code: 503, checks: { temporal: 'Error: gone' } });
    server.note('temporal', undefined);
    expect(await get(server, '/readyz')).toMatchObject({ code: 200 });
  });

  it('is told in few words, and without a token', async () => {
    const token = `eyJ${'a'.repeat(40)}.eyJ${'b'.repeat(40)}.c`;
    const look = () => Promise.reject(new Error(`refused ${token} ${'very '.repeat(200)}long`));
    const server = await served(() => 'RUNNING', [{ ...present, look }]);
    const text = await (await fetch(`${server.url}/readyz`)).text();
    expect(text).toContain('refused [token]');
    expect(text.length).toBeLessThan(500);
  });

  it.each([
    ['//', 404],
    ['/', 404],
    ['/metrics', 404],
    ['/healthz/../../etc/passwd', 404],
    ['http://[', 404],
    ['*', 404],
  ])('is not moved by who asks for %s', async (target, status) => {
    const server = await served(() => 'RUNNING');
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(answer.toString()).toContain(`HTTP/1.1 ${status} `);
    expect(await get(server, '/readyz')).toMatchObject({ code: 200 });
  });

  it('takes no orders: what is not asked by GET or HEAD is refused', async () => {
    const server = await served(() => 'RUNNING');
    expect(await get(server, '/healthz', 'POST')).toMatchObject({ code: 405 });
    expect((await fetch(`${server.url}/healthz`, { method: 'HEAD' })).status).toBe(200);
  });

  it('is told at an address of IP version 6, too', async () => {
    const server = await startHealthServer({
      workerState: () => 'RUNNING',
      needs: [],
      host: '::1',
      port: 0,
    });
    onTestFinished(() => server.stop());
    expect(server.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect(await get(server, '/readyz')).toMatchObject({ code: 200 });
  });
});
