import { createSecretKey, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Encryption } from '../../src/settings/settings.js';
import { temporalSettingsOf } from '../../src/settings/temporal-variables.js';
import {
  assertEncryptionDecided,
  connectClient,
  dataConverterFor,
  temporalTarget,
  workerConnectionOptions,
} from '../../src/temporal/connection.js';
import { EncryptionCodec, plainCodec } from '../../src/temporal/encryption-codec.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const on: Encryption = { mode: 'on', keys: [{ id: 'k1', key: createSecretKey(randomBytes(32)) }] };
const targetAt = (address: string) => ({ address, namespace: 'default', connectionOptions: { address } });

describe('assertEncryptionDecided', () => {
  it.each(['localhost:7233', 'localhost', '127.0.0.1:7233', '127.1.2.3:7233', '[::1]:7233', '::1'])(
    'accepts unset encryption for Temporal on this machine, at %s',
    (address) => {
      expect(() => assertEncryptionDecided({ mode: 'unset' }, targetAt(address))).not.toThrow();
    },
  );

  it.each([
    'temporal.acme.com:7233',
    'acme.a1b2c.tmprl.cloud:7233',
    '10.0.0.7:7233',
    'localhost.acme.com:7233',
    '127.acme.com:7233',
    '127.0.0.1.acme.com:7233',
    '[2001:db8::1]:7233',
    '0.0.0.0:7233',
  ])('rejects unset encryption for Temporal on another machine, at %s', (address) => {
    expect(() => assertEncryptionDecided({ mode: 'unset' }, targetAt(address))).toThrow(
      expect.objectContaining({
        code: 'SETTINGS_INVALID',
        message: expect.stringMatching(/APLOS_UPLOAD_ENCRYPTION_KEY .* APLOS_UPLOAD_ENCRYPTION=off\.$/),
      }),
    );
  });

  it.each<[Encryption]>([[on], [{ mode: 'off' }]])(
    'accepts %j for Temporal on another machine',
    (encryption) => {
      expect(() => assertEncryptionDecided(encryption, targetAt('temporal.acme.com:7233'))).not.toThrow();
    },
  );
});

describe('dataConverterFor', () => {
  it('encrypts payloads only if encryption is on', () => {
    expect(dataConverterFor(on).payloadCodecs).toEqual([expect.any(EncryptionCodec)]);
    expect(dataConverterFor({ mode: 'off' })).toEqual({ payloadCodecs: [plainCodec] });
    expect(dataConverterFor({ mode: 'unset' })).toEqual({ payloadCodecs: [plainCodec] });
  });
});

describe('temporalTarget', () => {
  const target = () => temporalTarget({ temporal: temporalSettingsOf(process.env) });

  beforeEach(async () => {
    for (const name of Object.keys(process.env).filter((name) => name.startsWith('TEMPORAL_')))
      vi.stubEnv(name, undefined);
    vi.stubEnv('TEMPORAL_CONFIG_FILE', join(await temporaryFolder(), 'none.toml'));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('is this machine by default', () => {
    expect(target()).toMatchObject({
      address: 'localhost:7233',
      namespace: 'default',
      connectionOptions: { address: 'localhost:7233' },
    });
  });

  it.each([
    ...['localhost', 'localhost:7233', 'acme.a1b2c.tmprl.cloud:7233', 'temporal-frontend:7233', 'my_host:1'],
    ...['127.0.0.1:65535', '[::1]:7233', '[fe80::1%eth0]:7233'],
  ])('accepts the address %s', (address) => {
    vi.stubEnv('TEMPORAL_ADDRESS', address);
    expect(target().address).toBe(address);
  });

  it.each([
    ...[
      'http://localhost:7233',
      'https://acme.a1b2c.tmprl.cloud:7233',
      'dns:///localhost:7233',
      'localhost/',
    ],
    ...['localhost:', ':7233', 'localhost:abc', 'localhost:0', 'localhost:65536', 'local host:7233', '::1'],
    ...[' localhost:7233', 'localhost:7233\n', 'user@localhost:7233'],
  ])('rejects the address %j before a connection is attempted', (address) => {
    vi.stubEnv('TEMPORAL_ADDRESS', address);
    expect(target).toThrow(
      expect.objectContaining({
        code: 'SETTINGS_INVALID',
        message: expect.stringMatching(/is not HOST:PORT\. Set TEMPORAL_ADDRESS/),
      }),
    );
  });

  it('does not repeat a password in an address', () => {
    vi.stubEnv('TEMPORAL_ADDRESS', 'user:secret@localhost:7233');
    expect(target).toThrow(expect.not.objectContaining({ message: expect.stringMatching(/secret/) }));
  });

  it('reads Temporal’s own variables', () => {
    vi.stubEnv('TEMPORAL_ADDRESS', 'acme.a1b2c.tmprl.cloud:7233');
    vi.stubEnv('TEMPORAL_NAMESPACE', 'acme.a1b2c');
    vi.stubEnv('TEMPORAL_API_KEY', 'key');
    expect(target()).toMatchObject({
      address: 'acme.a1b2c.tmprl.cloud:7233',
      namespace: 'acme.a1b2c',
      connectionOptions: { apiKey: 'key', tls: true },
    });
  });

  it('reads the profile in Temporal’s own file', async () => {
    const path = join(await temporaryFolder(), 'temporal.toml');
    await writeFile(path, '[profile.prod]\naddress = "temporal.acme.com:7233"\nnamespace = "pk"\n');
    vi.stubEnv('TEMPORAL_CONFIG_FILE', path);
    vi.stubEnv('TEMPORAL_PROFILE', 'prod');
    expect(target()).toMatchObject({ address: 'temporal.acme.com:7233', namespace: 'pk' });
  });

  it('throws if the profile does not exist', () => {
    vi.stubEnv('TEMPORAL_PROFILE', 'nowhere');
    expect(target).toThrow(
      expect.objectContaining({
        code: 'SETTINGS_INVALID',
        message: expect.stringMatching(/nowhere.*Check TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE/s),
      }),
    );
  });
});

describe('the proxy of workerConnectionOptions', () => {
  beforeEach(() => {
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'])
      for (const each of [name, name.toLowerCase()]) vi.stubEnv(each, undefined);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });
  const proxyTo = (address: string) => workerConnectionOptions(targetAt(address)).proxy;

  it('is HTTPS_PROXY, or HTTP_PROXY if that is not set', () => {
    expect(proxyTo('temporal.acme.com:7233')).toBeUndefined();
    vi.stubEnv('HTTP_PROXY', 'http://proxy.acme.com');
    expect(proxyTo('temporal.acme.com:7233')).toEqual({
      type: 'http-connect',
      targetHost: 'proxy.acme.com:80',
    });
    vi.stubEnv('https_proxy', 'jane:p%40ss@proxy.acme.com:3128');
    expect(proxyTo('temporal.acme.com:7233')).toEqual({
      type: 'http-connect',
      targetHost: 'proxy.acme.com:3128',
      basicAuth: { username: 'jane', password: 'p@ss' },
    });
  });

  it.each(['localhost:7233', '127.0.0.1:7233', 'temporal.acme.com:7233', 'a.internal:7233'])(
    'is not used for this machine or the hosts in NO_PROXY: %s',
    (address) => {
      vi.stubEnv('HTTPS_PROXY', 'http://proxy.acme.com:3128');
      vi.stubEnv('NO_PROXY', 'temporal.acme.com, .internal');
      expect(proxyTo(address)).toBeUndefined();
    },
  );

  it('is rejected if gRPC cannot use it', () => {
    vi.stubEnv('HTTPS_PROXY', 'https://proxy.acme.com:3128');
    expect(() => proxyTo('temporal.acme.com:7233')).toThrow(
      expect.objectContaining({ code: 'SETTINGS_INVALID' }),
    );
  });
});

describe('connectClient', () => {
  const target = (address: string, tls?: true) => ({
    address,
    namespace: 'default',
    connectionOptions: { address, connectTimeout: 500, ...(tls ? { tls } : {}) },
  });
  /** Tries until the reason is known within the timeout. */
  const failing = (address: string, tls?: true) =>
    expect.poll(() =>
      connectClient(target(address, tls)).then(
        () => 'connected',
        ({ message }: Error) => message,
      ),
    );

  it('names why there is no connection', async () => {
    const server = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await failing(`localhost:${port}`).toMatch(/\(what listens there does not speak gRPC/);
    await failing(`localhost:${port}`, true).toMatch(/\(what listens there does not use TLS\)/);
    server.close();
    await once(server, 'close');
    await failing(`localhost:${port}`).toMatch(/ECONNREFUSED/);
    await failing('temporal.invalid:7233').toMatch(/Name resolution failed for target dns:temporal\.invalid/);
  });
});
