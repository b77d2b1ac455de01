import { execFile } from 'node:child_process';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { promisify } from 'node:util';
import type { Dispatcher } from 'undici';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { initiateAuth } from '../../src/aplos/connection/cognito.js';
import { findPool } from '../../src/aplos/connection/discovery.js';
import { callOnce } from '../../src/http/call.js';
import { createDispatcher } from '../../src/http/dispatcher.js';
import { HostList } from '../../src/http/host-list.js';
import { postObject } from '../../src/s3/post-object.js';
import { createCa, createCertificate, hasOpenssl, type Identity } from '../support/certificates.js';
import { startConnectProxy } from '../support/connect-proxy.js';
import { openFile, postOptions, presignedPost } from '../support/posting.js';
import { bodyOf, errorXml, httpServer, rawAnswer, socketServer, tlsServer } from '../support/s3-servers.js';
import { stopClock } from '../support/stopped-clock.js';
import { distinctBytes, temporaryFolder } from '../support/temporary-folder.js';

const MIB = 1024 * 1024;

beforeEach(() => {
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'NODE_EXTRA_CA_CERTS'])
    for (const each of [name, name.toLowerCase()]) vi.stubEnv(each, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

function dispatcher(extraCa?: string): Dispatcher {
  const own = createDispatcher(extraCa);
  onTestFinished(() => own.destroy());
  return own;
}

/** Gets a URL, with all that a call needs. */
const see = (url: string, by: Dispatcher) =>
  callOnce(
    {
      purpose: 'see',
      method: 'GET',
      url,
      unreachable: 'API_UNREACHABLE',
      oversized: 'API_ANSWER_UNEXPECTED',
      maxBytes: 1_000_000,
    },
    by,
  );

describe.skipIf(!hasOpenssl)('a server with an untrusted certificate', () => {
  const uses: [string, (url: string, by: Dispatcher) => Promise<unknown>, string][] = [
    ['the API', (url, by) => findPool({ apiUrl: url.slice(0, -1) }, by), 'API_UNREACHABLE'],
    [
      'Cognito',
      (endpoint, by) =>
        initiateAuth(
          { endpoint, clientId: 'c' },
          { AuthFlow: 'REFRESH_TOKEN_AUTH', AuthParameters: { REFRESH_TOKEN: 'secret' } },
          by,
        ),
      'LOGIN_UNAVAILABLE',
    ],
    [
      'S3',
      async (url, by) =>
        postObject(presignedPost(url), await openFile('abc'), postOptions({ dispatcher: by })),
      'S3_UNREACHABLE',
    ],
  ];

  it.each(uses)(
    'receives nothing as %s, even if the environment turns the check off',
    async (_what, use, code) => {
      const folder = await temporaryFolder();
      const { url, requestCount } = await tlsServer(
        createCertificate(folder, 'server', createCa(folder, 'nobody')),
      );
      const elsewhere = createCa(folder, 'another');
      vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
      for (const by of [dispatcher(), dispatcher(elsewhere.cert)])
        await expect(use(url, by)).rejects.toMatchObject({
          code,
          message: expect.stringMatching(/UNABLE_TO_VERIFY_LEAF_SIGNATURE/),
        });
      expect(requestCount()).toBe(0);
    },
  );
});

describe.skipIf(!hasOpenssl)('an extra CA', () => {
  it.each<[what: string, args: string[], variable: string]>([
    ['the CAs of OpenSSL', ['--use-openssl-ca'], 'SSL_CERT_FILE'],
    ['NODE_EXTRA_CA_CERTS', [], 'NODE_EXTRA_CA_CERTS'],
  ])('is trusted in addition to %s', async (_what, args, variable) => {
    const folder = await temporaryFolder();
    const [first, second, others] = ['first', 'second', 'others'].map((name) => createCa(folder, name));
    if (!first || !second || !others) throw new Error('no CA');
    const servers = await Promise.all(
      [first, second, others].map((ca) => tlsServer(createCertificate(folder, 'server', ca))),
    );
    const script = `
      const { createDispatcher } = await import(${JSON.stringify(new URL('../../src/http/dispatcher.ts', import.meta.url).href)});
      const { request } = await import('undici');
      const dispatcher = createDispatcher(${JSON.stringify(first.cert + second.cert)});
      for (const url of ${JSON.stringify(servers.map(({ url }) => url))})
        console.log((await request(url, { method: 'POST', dispatcher })).statusCode);
      await dispatcher.destroy();`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [...args, '--import', 'tsx', '--input-type=module', '--eval', script],
      { env: { ...process.env, [variable]: others.certFile } },
    );
    expect(stdout).toBe('204\n204\n204\n');
  });
});

describe.skipIf(!hasOpenssl)('createDispatcher, behind a proxy', () => {
  /** Starts a proxy that forwards `https://s3.test/` to the given server. */
  async function startProxy(url: string, credentials = '') {
    const folder = await temporaryFolder();
    const own = createCa(folder, 'own');
    const tls = await terminateTls(url, createCertificate(folder, 'server', own, { names: ['s3.test'] }));
    const proxy = await startConnectProxy(new Map([['s3.test:443', tls]]));
    onTestFinished(() => proxy.stop());
    vi.stubEnv('HTTPS_PROXY', proxy.url.replace('//', `//${credentials}`));
    const options = () =>
      postOptions({ dispatcher: dispatcher(own.cert), hosts: new HostList(['s3.test', 'elsewhere.test']) });
    return { proxy, post: presignedPost('https://s3.test/'), options };
  }

  /** Starts a server that terminates TLS and forwards to the given server. */
  async function terminateTls(url: string, identity: Identity): Promise<string> {
    const sockets = new Set<Socket>();
    const server = createTlsServer(identity, (socket) => {
      const behind = connect(Number(new URL(url).port), '127.0.0.1');
      for (const [from, to] of [
        [socket, behind],
        [behind, socket],
      ] as const) {
        sockets.add(from);
        from.on('error', () => to.destroy());
        from.pipe(to);
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('sends an upload unchanged through a tunnel', async () => {
    const content = distinctBytes(3 * MIB);
    let received: Buffer = Buffer.alloc(0);
    const url = await httpServer(async (request, response) => {
      received = await bodyOf(request);
      response.writeHead(204).end();
    });
    const { proxy, post, options } = await startProxy(url, 'jane:p%40ss@');
    await expect(postObject(post, await openFile(content), options())).resolves.toMatchObject({
      status: 204,
    });
    expect(received.includes(content)).toBe(true);
    expect(proxy.requests).toEqual([
      { authority: 's3.test:443', credentials: `Basic ${Buffer.from('jane:p@ss').toString('base64')}` },
    ]);
  });

  it('checks the certificate of the server behind the proxy', async () => {
    const folder = await temporaryFolder();
    const own = createCa(folder, 'own');
    const { url } = await tlsServer(createCertificate(folder, 'server', own, { names: ['s3.test'] }));
    const proxy = await startConnectProxy(
      new Map(['s3.test:443', 'other.test:443'].map((name) => [name, new URL(url).host])),
    );
    onTestFinished(() => proxy.stop());
    vi.stubEnv('https_proxy', proxy.url);
    const by = dispatcher(own.cert);
    await expect(see('https://s3.test/', by)).resolves.toMatchObject({ status: 204 });
    await expect(see('https://other.test/', by)).rejects.toThrow('ERR_TLS_CERT_ALTNAME_INVALID');
    await expect(see('https://s3.test/', dispatcher())).rejects.toThrow('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    expect(proxy.requests.length).toBe(3);
  });

  it('reads the file no faster than the server accepts it, and fails if the server stops', async () => {
    let received = 0;
    const { post, options } = await startProxy(
      await socketServer((socket) => {
        socket.on('data', (chunk) => {
          received += chunk.length;
          if (received > 4 * MIB) socket.pause();
        });
      }),
    );
    let sent = 0;
    const timeouts = {
      idleTimeoutMs: 2_000,
      onProgress: (bytes: number) => {
        sent = bytes;
      },
    };
    await expect(
      postObject(post, await openFile(distinctBytes(64 * MIB)), { ...options(), ...timeouts }),
    ).rejects.toMatchObject({
      code: 'S3_STALLED',
    });
    expect(sent).toBeLessThan(48 * MIB);
  });

  it('continues an upload, however slow, while data is sent', async () => {
    const advance = stopClock();
    const { post, options } = await startProxy(
      await httpServer(async (request, response) => {
        let next = MIB;
        let received = 0;
        for await (const chunk of request as AsyncIterable<Buffer>) {
          received += chunk.length;
          if (received < next) continue;
          next += MIB;
          advance(200);
        }
        response.writeHead(204).end();
      }),
    );
    const { seconds } = await postObject(post, await openFile(distinctBytes(80 * MIB)), {
      ...options(),
      idleTimeoutMs: 10_000,
    });
    expect(seconds).toBeGreaterThan(10);
  });

  it('reads an early response', async () => {
    const { post, options } = await startProxy(
      await socketServer((socket) =>
        socket.once('data', () => {
          socket.pause();
          socket.end(rawAnswer('403 Forbidden', errorXml('AccessDenied', 'Access Denied')));
        }),
      ),
    );
    await expect(postObject(post, await openFile(distinctBytes(16 * MIB)), options())).rejects.toMatchObject({
      code: 'S3_ACCESS_DENIED',
    });
  });

  it('reports the status of a proxy that refuses', async () => {
    const { options } = await startProxy('http://127.0.0.1:1/');
    await expect(
      postObject(presignedPost('https://elsewhere.test/'), await openFile('abc'), options()),
    ).rejects.toThrow('(the proxy returned 403)');
  });

  it.each([
    '127.0.0.1',
    '127.1.2.3',
    '[::ffff:127.0.0.1]',
    'localhost',
    'localhost.',
    's3.localhost',
    'a.b.localhost.',
  ])('connects to this machine directly, as %s', async (host) => {
    const server = createHttpServer((_request, response) => void response.writeHead(204).end());
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    onTestFinished(() => void server.close());
    const { proxy } = await startProxy('http://127.0.0.1:1/');
    vi.stubEnv('HTTP_PROXY', proxy.url);
    const url = `http://${host}:${(server.address() as AddressInfo).port}/`;
    await expect(see(url, dispatcher())).resolves.toMatchObject({ status: 204 });
    expect(proxy.requests).toEqual([]);
  });

  it.each(['s3.test', '*'])('connects directly to hosts in NO_PROXY: %s', async (noProxy) => {
    const { proxy, post, options } = await startProxy('http://127.0.0.1:1/');
    vi.stubEnv('NO_PROXY', noProxy);
    await expect(postObject(post, await openFile('abc'), options())).rejects.toMatchObject({
      code: 'S3_UNREACHABLE',
    });
    expect(proxy.requests).toEqual([]);
  });

  it.each(['not a url', 'socks5://127.0.0.1:1080'])('rejects the proxy URL %s', (value) => {
    vi.stubEnv('HTTPS_PROXY', value);
    expect(() => createDispatcher()).toThrow(expect.objectContaining({ code: 'SETTINGS_INVALID' }));
  });
});
