import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { UploadError } from '../../src/contract/errors.js';
import { type Dependency, type HealthServer, startHealthServer } from '../../src/telemetry/health-server.js';

const HOUR_MS = 3_600_000;
const available: Dependency = { name: 'temporal', check: async () => {}, nextCheckMs: () => HOUR_MS };
const REFUSED = new UploadError('LOGIN_REFUSED', 'Cognito refused the login');

async function start(
  workerState: () => string,
  dependencies: readonly Dependency[] = [available],
): Promise<HealthServer> {
  const server = await startHealthServer({ workerState, dependencies, host: '127.0.0.1', port: 0 });
  onTestFinished(() => server.stop());
  await turn();
  return server;
}

async function get(server: HealthServer, path: string, method = 'GET') {
  const response = await fetch(`${server.url}${path}`, { method });
  return { code: response.status, ...((await response.json()) as { status: string; checks: object }) };
}

describe('startHealthServer', () => {
  it('reports a running worker whose dependencies are available as alive and ready', async () => {
    const server = await start(() => 'RUNNING');
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
    'reports a worker in the state %s as alive but not ready',
    async (state) => {
      const server = await start(() => state);
      expect(await get(server, '/healthz')).toMatchObject({ code: 200 });
      expect(await get(server, '/readyz')).toMatchObject({ code: 503, checks: { worker: state } });
    },
  );

  it.each(['FAILED', 'STOPPED'])(
    'reports a worker in the state %s as neither alive nor ready',
    async (state) => {
      const server = await start(() => state);
      expect(await get(server, '/healthz')).toMatchObject({ code: 503, status: 'failed' });
      expect(await get(server, '/readyz')).toMatchObject({ code: 503 });
    },
  );

  it('responds without waiting while a check is in progress', async () => {
    const server = await start(
      () => 'RUNNING',
      [available, { name: 'login default', check: () => new Promise(() => {}), nextCheckMs: () => HOUR_MS }],
    );
    expect(await get(server, '/healthz')).toMatchObject({ code: 200 });
    expect(await get(server, '/readyz')).toMatchObject({
      code: 503,
      checks: { temporal: 'ok', 'login default': 'not checked yet' },
    });
  });

  it('reports a failed check with its code and action', async () => {
    const server = await start(
      () => 'RUNNING',
      [{ ...available, name: 'login default', check: () => Promise.reject(REFUSED) }],
    );
    expect(await get(server, '/healthz')).toMatchObject({ code: 200 });
    expect(await get(server, '/readyz')).toEqual({
      code: 503,
      status: 'not ready',
      checks: { worker: 'RUNNING', 'login default': `LOGIN_REFUSED: ${REFUSED.message}` },
    });
  });

  it('reports the worker as ready again after a dependency recovers', async () => {
    let checks = 0;
    const check = async () => {
      if (++checks < 3) throw new Error('gone');
    };
    const server = await start(
      () => 'RUNNING',
      [{ name: 'temporal', check, nextCheckMs: (error) => (error ? 1 : HOUR_MS) }],
    );
    await expect.poll(() => get(server, '/readyz')).toMatchObject({ code: 200 });
  });

  it('reports results recorded between checks', async () => {
    const server = await start(() => 'RUNNING');
    server.record('temporal', new Error('gone'));
    expect(await get(server, '/readyz')).toMatchObject({ code: 503, checks: { temporal: 'Error: gone' } });
    server.record('temporal', undefined);
    expect(await get(server, '/readyz')).toMatchObject({ code: 200 });
  });

  it('shortens error messages and removes tokens', async () => {
    const token = `eyJ${'a'.repeat(40)}.eyJ${'b'.repeat(40)}.c`;
    const check = () => Promise.reject(new Error(`refused ${token} ${'very '.repeat(200)}long`));
    const server = await start(() => 'RUNNING', [{ ...available, check }]);
    const text = await (await fetch(`${server.url}/readyz`)).text();
    expect(text).toContain('refused [token]');
    expect(text.length).toBeLessThan(500);
  });

  it.each([
    ['//', 400],
    ['/', 404],
    ['/metrics', 404],
    ['/healthz/../../etc/passwd', 404],
    ['http://[', 400],
    ['*', 404],
  ])('responds to GET %s with %i and keeps running', async (target, status) => {
    const server = await start(() => 'RUNNING');
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const [response] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(response.toString()).toContain(`HTTP/1.1 ${status} `);
    expect(await get(server, '/readyz')).toMatchObject({ code: 200 });
  });

  it('returns 405 to methods other than GET and HEAD', async () => {
    const server = await start(() => 'RUNNING');
    expect(await get(server, '/healthz', 'POST')).toMatchObject({ code: 405 });
    expect((await fetch(`${server.url}/healthz`, { method: 'HEAD' })).status).toBe(200);
  });

  it('listens on an IPv6 address', async () => {
    const server = await startHealthServer({
      workerState: () => 'RUNNING',
      dependencies: [],
      host: '::1',
      port: 0,
    });
    onTestFinished(() => server.stop());
    expect(server.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect(await get(server, '/readyz')).toMatchObject({ code: 200 });
  });
});
