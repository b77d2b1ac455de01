import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCa, createCertificate, hasOpenssl, type Identity } from '../support/certificates.js';
import { type CommandResult, runWarmCommand } from '../support/command.js';
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy.js';
import { startWorld } from '../support/shared-world.js';
import { hasNginx, startNginx, startNodeProxy, type TlsProxy } from '../support/tls-proxies.js';
import type { World } from '../support/world.js';

const sample = (name: string) => fileURLToPath(new URL(`../../samples/${name}`, import.meta.url));
const UPLOAD = [sample('single-oral-dose.csv'), '--config', sample('single-oral-dose.json'), '--json'];
const OTHER = [
  sample('food-effect-crossover.csv'),
  '--config',
  sample('food-effect-crossover.json'),
  '--json',
];

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const run = (args: readonly string[], env: NodeJS.ProcessEnv): Promise<CommandResult> =>
  runWarmCommand(args, { ...world.env, ...env });

describe.skipIf(!hasOpenssl)('Temporal behind mutual TLS', () => {
  const proxies: TlsProxy[] = [];
  let us: Identity;
  let them: Identity;
  let files: string;
  const identities: Record<string, Identity> = {};

  beforeAll(() => {
    files = join(world.folder, 'certificates');
    mkdirSync(files);
    us = createCa(files, 'us');
    them = createCa(files, 'them');
    identities.server = createCertificate(files, 'server', us);
    identities.oldServer = createCertificate(files, 'oldServer', us, { expired: true });
    identities.right = createCertificate(files, 'right', us);
    identities.wrong = createCertificate(files, 'wrong', them);
    identities.expired = createCertificate(files, 'expired', us, { expired: true });
  });
  afterAll(() => Promise.all(proxies.map((proxy) => proxy.stop())));

  const identity = (name: string): Identity => {
    const found = identities[name];
    if (!found) throw new Error(`There is no certificate ${name}`);
    return found;
  };
  async function proxyWith(start: typeof startNodeProxy, own: string): Promise<TlsProxy> {
    const folder = join(files, `proxy-${proxies.length}`);
    const proxy = await start({ folder, own: identity(own), clients: us, target: world.temporal.address });
    proxies.push(proxy);
    return proxy;
  }
  const as = ({ address }: TlsProxy, client: string | undefined, trusted = us): NodeJS.ProcessEnv => ({
    TEMPORAL_ADDRESS: address,
    TEMPORAL_TLS: 'true',
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: trusted.certFile,
    ...(client
      ? {
          TEMPORAL_TLS_CLIENT_CERT_PATH: identity(client).certFile,
          TEMPORAL_TLS_CLIENT_KEY_PATH: identity(client).keyFile,
        }
      : {}),
  });

  describe.each([
    ["Node's TLS", startNodeProxy, true],
    ['nginx (skipped where it is not on PATH)', startNginx, hasNginx],
  ] as const)('of %s', (_name, start, isHere) => {
    it.runIf(isHere)('lets a worker and a client with the right certificate do the whole job', async () => {
      const env = as(await proxyWith(start, 'server'), 'right');
      const worker = await world.startWorker(env);
      const { exitCode, stdout, stderr } = await run(
        ['upload', ...(start === startNginx ? OTHER : UPLOAD)],
        env,
      );
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
      expect(JSON.parse(stdout)).toMatchObject({ status: 204, executions: [{}] });
      await worker.stop();
    });

    it.runIf(isHere)(
      'refuses a wrong one, an expired one and none, and is refused where it is wrong itself',
      async () => {
        const [good, old] = [await proxyWith(start, 'server'), await proxyWith(start, 'oldServer')];
        const cases: [NodeJS.ProcessEnv, ...string[]][] = [
          [as(good, 'wrong'), 'worker'],
          [as(good, 'wrong'), 'status', 'any'],
          [as(good, 'expired'), 'worker'],
          [as(good, undefined), 'worker'],
          [as(old, 'right'), 'worker'],
          [as(good, 'right', them), 'status', 'any'],
        ];
        const results = await Promise.all(cases.map(([env, ...args]) => run(args, env)));
        for (const { exitCode, stdout, stderr } of results) {
          expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
          expect(stderr.trimEnd().split('\n')).toEqual([
            expect.stringMatching(/^✗ TEMPORAL_UNREACHABLE: Cannot reach Temporal at localhost:\d+, /),
          ]);
        }
      },
    );
  });
});

describe('Temporal behind an HTTP proxy', () => {
  const ADDRESS = 'temporal.test:7233';
  let proxy: ConnectProxy;
  beforeAll(async () => {
    proxy = await startConnectProxy(new Map([[ADDRESS, world.temporal.address]]));
  });
  afterAll(() => proxy?.stop());

  it('is reached by worker and client through the proxy, with its credentials', async () => {
    const env = { TEMPORAL_ADDRESS: ADDRESS, HTTPS_PROXY: proxy.url.replace('//', '//jane:secret@') };
    const worker = await world.startWorker(env);
    const { exitCode, stderr } = await run(['doctor'], env);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    await worker.stop();
    const credentials = `Basic ${Buffer.from('jane:secret').toString('base64')}`;
    expect(proxy.requests.length).toBeGreaterThanOrEqual(2);
    for (const each of proxy.requests) expect(each).toEqual({ authority: ADDRESS, credentials });
  });

  it('is reached directly if it is on this machine', async () => {
    const before = proxy.requests.length;
    const { stderr } = await run(['status', 'any'], { HTTPS_PROXY: proxy.url, https_proxy: proxy.url });
    expect(stderr).toContain('Temporal has no upload with this id');
    expect(proxy.requests.length).toBe(before);
  });
});
