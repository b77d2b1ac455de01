import { createSecretKey, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import proto from '@temporalio/proto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDispatcher } from '../../src/http/dispatcher.js';
import { codecAccess } from '../../src/temporal/codec-access.js';
import {
  type CodecServer,
  type CodecServerOptions,
  startCodecServer,
} from '../../src/temporal/codec-server.js';
import { EncryptionCodec } from '../../src/temporal/encryption-codec.js';
import { Secret } from '../../src/util/secret.js';
import { httpServer } from '../support/s3-servers.js';

const { Payloads } = proto.temporal.api.common.v1;
const UI = 'https://temporal.example.com';
const workflow = { type: 'workflow', namespace: 'default', workflowId: 'w1' } as const;
const codec = new EncryptionCodec([{ id: 'k1', key: createSecretKey(randomBytes(32)) }]);

let server: CodecServer;
afterEach(() => server.stop());

async function start(options: Partial<CodecServerOptions> = {}): Promise<void> {
  server = await startCodecServer({ codec, origins: [UI], ...options });
}

const asJson = (payloads: Payload[]) => Payloads.toObject(Payloads.create({ payloads }), { bytes: String });
const plain = (value: unknown) => defaultPayloadConverter.toPayload(value);
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: UI, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
async function payloadsOf(response: Response): Promise<Payload[]> {
  return Payloads.fromObject((await response.json()) as object).payloads;
}

describe('startCodecServer', () => {
  it.each(['/decode', '/decode?preserveStorageRefs=true', '/any/path/decode'])(
    'decodes encrypted payloads posted to %s and leaves unencrypted ones as they are',
    async (path) => {
      await start();
      const encoded = [...(await codec.encode([plain({ study: 7 })], workflow)), plain({ study: 8 })];
      const response = await post(path, asJson(encoded));
      expect(response.headers.get('cache-control')).toBe('no-store');
      const values = (await payloadsOf(response)).map((each) => defaultPayloadConverter.fromPayload(each));
      expect(values).toEqual([{ study: 7 }, { study: 8 }]);
    },
  );

  it('encrypts payloads posted to /encode for the workflow that the headers name', async () => {
    await start();
    const headers = { 'x-namespace': 'default', 'x-workflow-id': 'w1' };
    const encoded = await payloadsOf(await post('/encode', asJson([plain({ study: 7 })]), headers));
    expect(Buffer.from(encoded[0]?.metadata?.encoding ?? []).toString()).toBe('binary/encrypted');
    const decoded = await codec.decode(encoded, workflow);
    expect(decoded.map((each) => defaultPayloadConverter.fromPayload(each))).toEqual([{ study: 7 }]);
  });

  it.each([
    {},
    { 'x-namespace': 'default' },
    { 'x-workflow-id': 'w1' },
    { 'x-namespace': '', 'x-workflow-id': '' },
  ])('does not encrypt without the names of namespace and workflow: %j', async (headers) => {
    await start();
    const response = await post('/encode', asJson([plain({ study: 7 })]), headers);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('X-Workflow-Id');
  });

  it('allows the origin of the UI and refuses others', async () => {
    await start();
    const preflight = (origin: string) =>
      fetch(`${server.url}/decode`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
    const own = await preflight(UI);
    expect(own.status).toBe(204);
    expect(own.headers.get('access-control-allow-origin')).toBe(UI);
    expect(own.headers.get('access-control-allow-headers')).toContain('authorization');
    for (const response of [
      await preflight('https://evil.example.com'),
      await post('/decode', { payloads: [] }, { origin: 'https://evil.example.com' }),
    ]) {
      expect(response.status).toBe(403);
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it.each<[string, () => Promise<Response>, number]>([
    ['a payload encrypted with another key', async () => post('/decode', asJson(await ofAnotherKey())), 400],
    ['a body that is not JSON', () => post('/decode', '{'), 400],
    ['JSON without payloads', () => post('/decode', { payloads: 7 }), 400],
    ['more than 200,000 values', () => post('/decode', `{"payloads":[${'{},'.repeat(200_000)}{}]}`), 413],
    ['deeply nested JSON', () => post('/decode', `{"payloads":${'['.repeat(1e5)}${']'.repeat(1e5)}}`), 413],
    ['a body over 8 MiB', () => post('/decode', 'x'.repeat(9 * 1024 * 1024)), 413],
    ['an unknown path', () => post('/', { payloads: [] }), 404],
    ['a method other than POST', () => fetch(`${server.url}/decode`), 405],
  ])('refuses %s', async (_what, send, status) => {
    await start();
    expect((await send()).status).toBe(status);
  });

  it('names the missing key', async () => {
    await start();
    expect(await (await post('/decode', asJson(await ofAnotherKey()))).text()).toContain('with the key "k2"');
  });

  it('returns 413 to an announced length over 8 MiB without reading the body', async () => {
    await start();
    const { port } = new URL(server.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('POST /decode HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n{');
    const [response] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(String(response)).toContain('HTTP/1.1 413 ');
  });

  it('returns 400 to a request for //', async () => {
    await start();
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write('GET // HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const [response] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(String(response)).toContain('HTTP/1.1 400 ');
  });

  it('returns 200 to GET /health without authentication', async () => {
    await start({ mayUse: async () => false });
    expect(await (await fetch(`${server.url}/health`)).text()).toBe('ok');
  });

  it('passes unexpected errors to onError and hides them from the client', async () => {
    const errors: unknown[] = [];
    const mayUse = () => Promise.reject(new Error('inside'));
    await start({ mayUse, onError: (error) => errors.push(error) });
    const response = await post('/decode', { payloads: [] });
    expect([response.status, await response.text()]).toEqual([500, 'Internal server error']);
    expect(errors).toMatchObject([{ message: 'inside' }]);
  });
});

describe('codecAccess', () => {
  const dispatcher = createDispatcher();
  const audience = 'temporal-ui';
  const issuer = 'https://login.acme.com';
  let keys: Awaited<ReturnType<typeof generateKeyPair>>;
  beforeAll(async () => {
    keys = await generateKeyPair('RS256');
  });

  const decode = async (authorization?: string) =>
    (await post('/decode', { payloads: [] }, authorization === undefined ? {} : { authorization })).status;

  it('accepts the token and nothing else', async () => {
    await start({ mayUse: codecAccess({ token: new Secret('let-me-in') }, dispatcher) });
    expect(await decode('Bearer let-me-in')).toBe(200);
    expect(await decode('bearer let-me-in')).toBe(200);
    for (const wrong of [undefined, '', 'let-me-in', 'Basic let-me-in', 'Bearer let-me-out', 'Bearer '])
      expect(await decode(wrong)).toBe(401);
  });

  it('accepts unexpired JWTs of the right issuer for the right audience', async () => {
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'RS256' };
    const jwksUrl = await httpServer(
      (_request, response) => void response.end(JSON.stringify({ keys: [jwk] })),
    );
    await start({ mayUse: codecAccess({ jwt: { jwksUrl, issuer, audience } }, dispatcher) });
    const token = (claims: { iss?: string; aud?: string; exp?: string }, key = keys.privateKey) => {
      const jwt = new SignJWT({})
        .setProtectedHeader({ alg: 'RS256', kid: 'one' })
        .setAudience(claims.aud ?? audience);
      if (claims.iss !== '') jwt.setIssuer(claims.iss ?? issuer);
      return (claims.exp === '' ? jwt : jwt.setExpirationTime(claims.exp ?? '1m')).sign(key);
    };
    const otherKeys = await generateKeyPair('RS256');
    expect(await decode(`Bearer ${await token({})}`)).toBe(200);
    expect(await decode(`Bearer ${await token({ aud: 'another' })}`)).toBe(401);
    for (const iss of ['', 'https://login.evil.example', `${issuer}/`])
      expect(await decode(`Bearer ${await token({ iss })}`)).toBe(401);
    expect(await decode(`Bearer ${await token({ exp: '-1m' })}`)).toBe(401);
    expect(await decode(`Bearer ${await token({ exp: '' })}`)).toBe(401);
    expect(await decode(`Bearer ${await token({}, otherKeys.privateKey)}`)).toBe(401);
    expect(await decode('Bearer let-me-in')).toBe(401);
  });

  it('returns undefined if no authentication is configured', () => {
    expect(codecAccess({}, dispatcher)).toBeUndefined();
  });
});

const ofAnotherKey = () =>
  new EncryptionCodec([{ id: 'k2', key: createSecretKey(randomBytes(32)) }]).encode([plain({ study: 7 })]);
