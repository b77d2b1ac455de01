import { EventEmitter, once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cannotListen } from '../../src/http/listen-address.js';
import { HttpError, type HttpServerOptions, startHttpServer } from '../../src/http/server.js';

async function start(options: Pick<HttpServerOptions, 'handle' | 'onError'>) {
  const server = await startHttpServer({ host: '127.0.0.1', port: 0, ...options });
  onTestFinished(() => server.destroy());
  return server;
}

describe('startHttpServer', () => {
  it('passes the path without the query to the handler', async () => {
    const server = await start({ handle: (_request, response, path) => void response.end(path) });
    expect(await (await fetch(`${server.url}/a/b?c=d`)).text()).toBe('/a/b');
  });

  it.each(['//', 'http://['])('returns 400 to a request for the invalid URL %s', async (target) => {
    const errors: unknown[] = [];
    const server = await start({ handle: () => {}, onError: (error) => errors.push(error) });
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const [response] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(response.toString()).toContain('HTTP/1.1 400 ');
    expect(errors).toEqual([]);
  });

  it('returns the status and the message of an HttpError', async () => {
    const server = await start({
      handle: () => {
        throw new HttpError(403, 'Not you');
      },
    });
    const response = await fetch(server.url);
    expect([response.status, await response.text()]).toEqual([403, 'Not you']);
  });

  it('finishes the requests in progress when it closes', async () => {
    const events = new EventEmitter();
    const [started, released] = [once(events, 'started'), once(events, 'released')];
    const server = await start({
      handle: async (_request, response) => {
        events.emit('started');
        await released;
        response.end('done');
      },
    });
    const response = fetch(server.url);
    await started;
    const closed = server.close();
    events.emit('released');
    expect(await (await response).text()).toBe('done');
    await closed;
  });

  it('drops the requests in progress when it is destroyed', async () => {
    const events = new EventEmitter();
    const started = once(events, 'started');
    const server = await start({ handle: () => void events.emit('started') });
    const response = fetch(server.url).catch((error: unknown) => error);
    await started;
    await server.destroy();
    expect(await response).toBeInstanceOf(Error);
  });

  it('rejects if the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await expect(startHttpServer({ host: '127.0.0.1', port, handle: () => {} })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });
});

describe('cannotListen', () => {
  it('names the setting, the address and the cause', () => {
    const cause = Object.assign(new Error('listen'), { code: 'EADDRINUSE' });
    expect(cannotListen('APLOS_UPLOAD_HEALTH', { host: '::1', port: 8080 }, cause)).toMatchObject({
      code: 'SETTINGS_INVALID',
      happened: 'APLOS_UPLOAD_HEALTH: cannot listen on port 8080 of ::1 (EADDRINUSE)',
    });
  });
});
