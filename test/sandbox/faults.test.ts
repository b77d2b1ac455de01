import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { S3Bucket } from '../../sandbox/object-store.js';
import { type Fault, type Sandbox, startSandbox } from '../../sandbox/sandbox.js';
import { newBucket } from '../support/bucket.js';
import {
  call,
  configuration,
  type HttpResponse,
  logIn,
  post,
  presign,
  send,
  table,
  upload,
} from '../support/sandbox-client.js';

let s3: S3Bucket;
let sandbox: Sandbox;
let token: string;
let fileId: string;

beforeAll(async () => {
  s3 = await newBucket();
}, 60_000);

beforeEach(async () => {
  await sandbox?.stop();
  sandbox = await startSandbox({ s3 });
  token = await logIn(sandbox);
  fileId = (await upload(sandbox, token, table)).fileId;
});

afterAll(async () => {
  await sandbox?.stop();
});

const start = () => call(sandbox, token, 'POST', '/nca/executions', { file: { id: fileId }, configuration });
const listed = async () =>
  (await call<{ items: object[] }>(sandbox, token, 'GET', '/nca/executions')).body.items.length;
const metrics = () => call(sandbox, token, 'GET', '/metrics');
const callWith = (fault: Fault, response: () => Promise<HttpResponse>) => {
  sandbox.faults.add(fault);
  return response();
};

describe('a fault of the sandbox', () => {
  it('triggers once by default, or as often as given, after the given number of calls', async () => {
    sandbox.faults.add({ route: 'metrics', status: 503, skip: 1, times: 2 });
    const statuses = [];
    for (let call = 1; call <= 5; call++) statuses.push((await metrics()).status);
    expect(statuses).toEqual([200, 503, 503, 200, 200]);
    expect(sandbox.faults.waiting).toEqual([]);
  });

  it('triggers at random on the same calls for the same seed', async () => {
    const statuses = async (seed: number) => {
      const lucky = await startSandbox({ s3, seed });
      lucky.faults.add({ route: 'metrics', status: 503, chance: 0.5, times: 'always' });
      const idToken = await logIn(lucky);
      const seen = [];
      for (let each = 0; each < 16; each++) seen.push((await call(lucky, idToken, 'GET', '/metrics')).status);
      await lucky.stop();
      return seen;
    };
    const first = await statuses(7);
    expect(new Set(first)).toEqual(new Set([200, 503]));
    expect(await statuses(7)).toEqual(first);
  });

  it.each<Fault>([
    { route: 'start', corrupt: true },
    { route: 'start', stale: true },
    { route: 'start', cut: 100 },
    { route: 'start', expire: 'policy' },
    { route: 'upload', response: 'truncated' },
  ])('is refused if it is impossible: %j', (fault) => {
    expect(() => sandbox.faults.add(fault)).toThrow();
  });

  it('can be added, listed and cleared over HTTP', async () => {
    const faults = `${sandbox.apiUrl}/_sandbox/faults`;
    const body = JSON.stringify([
      { route: 'metrics', status: 503 },
      { route: 'list', stale: true },
    ]);
    expect((await send(faults, { method: 'POST', body })).status).toBe(200);
    expect((await metrics()).status).toBe(503);
    await send(faults, { method: 'DELETE' });
    expect(sandbox.faults.waiting).toEqual([]);
    expect((await send(faults, { method: 'POST', body: '{"route":"nowhere"}' })).status).toBe(400);
    await start();
    expect((await send(`${sandbox.apiUrl}/_sandbox/ledger`)).body).toMatchObject({ charges: [{ fileId }] });
    const calls = (await send<{ calls: { route: string }[] }>(`${sandbox.apiUrl}/_sandbox/calls`)).body.calls;
    expect(calls.map(({ route }) => route)).toEqual(sandbox.calls.map(({ route }) => route));
  });
});

describe('a call to the API of the sandbox', () => {
  it('can get an error status with and without taking effect', async () => {
    const headers = { 'Retry-After': '7' };
    const throttled = await callWith({ route: 'start', status: 429, headers }, start);
    expect([throttled.status, throttled.headers['retry-after']]).toEqual([429, '7']);
    expect(sandbox.charges).toHaveLength(0);
    const timedOut = await callWith({ route: 'start', status: 504, effect: true }, start);
    expect([timedOut.status, timedOut.body]).toEqual([504, { message: 'Endpoint request timed out' }]);
    expect(sandbox.charges).toHaveLength(1);
  });

  it('can be disconnected before and after taking effect', async () => {
    await expect(callWith({ route: 'start', cut: 'before' }, start)).rejects.toThrow();
    expect(sandbox.charges).toHaveLength(0);
    await expect(callWith({ route: 'start', cut: 'after' }, start)).rejects.toThrow();
    expect(sandbox.charges).toHaveLength(1);
  });

  it('can get HTML, half of its JSON, or other JSON', async () => {
    const html = await callWith({ route: 'start', response: 'html' }, start);
    expect(html.headers['content-type']).toBe('text/html');
    expect(() => html.body).toThrow();
    expect((await callWith({ route: 'start', response: 'other-shape' }, start)).body).toEqual({ ok: true });
    expect(sandbox.charges).toHaveLength(0);
    const truncated = await callWith({ route: 'start', response: 'truncated' }, start);
    expect(truncated.text).toMatch(/^\{"execution_id"/);
    expect(() => truncated.body).toThrow();
    expect(sandbox.charges).toHaveLength(1);
  });

  it('can hang with and without taking effect', async () => {
    const waiting = (fault: Fault) => {
      sandbox.faults.add(fault);
      const { apiUrl, tenantId, userId } = sandbox;
      return send(`${apiUrl}/tenants/${tenantId}/users/${userId}/nca/executions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ file: { id: fileId }, configuration }),
        headersTimeout: 1_200,
      });
    };
    await expect(waiting({ route: 'start', hang: true })).rejects.toThrow('Headers Timeout');
    expect(sandbox.charges).toHaveLength(0);
    await expect(waiting({ route: 'start', hang: true, effect: true })).rejects.toThrow('Headers Timeout');
    await expect.poll(() => sandbox.charges).toHaveLength(1);
  });

  it('can be delayed', async () => {
    const { status } = await callWith({ route: 'metrics', delayMs: 50 }, metrics);
    expect(status).toBe(200);
  });

  it('can be delayed until the faults are removed', async () => {
    const delayed = callWith({ route: 'metrics', delayMs: 3_600_000, status: 503 }, metrics);
    const calls = () => sandbox.calls.filter(({ route }) => route === 'metrics');
    await expect.poll(calls).toHaveLength(1);
    sandbox.faults.clear();
    expect((await delayed).status).toBe(503);
    expect((await metrics()).status).toBe(200);
  });

  it('can find its ID token expired', async () => {
    expect((await callWith({ route: 'metrics', expire: 'token' }, metrics)).status).toBe(403);
    expect((await metrics()).status).toBe(403);
    token = await logIn(sandbox);
    expect((await metrics()).status).toBe(200);
  });

  it('can get an outdated list', async () => {
    await start();
    sandbox.faults.add({ route: 'list', stale: true, times: 2 });
    sandbox.faults.add({ route: 'list', lagMs: 3_600_000 });
    await start();
    expect([await listed(), await listed(), await listed(), await listed()]).toEqual([1, 1, 0, 2]);
  });
});

describe('an upload to the sandbox', () => {
  const uploaded = (fault: Fault, content: string | Buffer = table) => {
    sandbox.faults.add(fault);
    return upload(sandbox, token, content);
  };
  const stored = (id: string | undefined) =>
    sandbox.storedBytes(id ?? '').then(
      (bytes) => bytes.toString(),
      () => undefined,
    );
  const latest = () => sandbox.files.at(-1);

  it('can get S3’s usual error for a status', async () => {
    for (const [status, code] of [
      [503, 'SlowDown'],
      [500, 'InternalError'],
      [400, 'RequestTimeout'],
      [409, 'OperationAborted'],
    ] as const) {
      const { response, fileId } = await uploaded({ route: 'upload', status });
      expect([response.status, response.text]).toEqual([
        status,
        expect.stringContaining(`<Code>${code}</Code>`),
      ]);
      expect(await stored(fileId)).toBeUndefined();
    }
  });

  it('can be redirected, or get a 200 although it was stored', async () => {
    const headers = { Location: 'http://127.0.0.1:9/elsewhere' };
    const redirected = await uploaded({ route: 'upload', status: 307, headers });
    expect(redirected.response.headers.location).toBe(headers.Location);
    const { response, fileId } = await uploaded({ route: 'upload', status: 200, effect: true });
    expect([response.status, await stored(fileId)]).toEqual([200, table]);
  });

  it('can find its policy or its token expired', async () => {
    expect((await uploaded({ route: 'upload', expire: 'policy' })).response.text).toContain('Policy expired');
    expect((await uploaded({ route: 'upload', expire: 'token' })).response.text).toContain('ExpiredToken');
  });

  it('can be disconnected before, during and after its bytes', async () => {
    await expect(uploaded({ route: 'upload', cut: 'before' })).rejects.toThrow();
    expect(await stored(latest()?.fileId)).toBeUndefined();
    await expect(uploaded({ route: 'upload', cut: 500_000 }, randomBytes(1_000_000))).rejects.toThrow();
    expect(await stored(latest()?.fileId)).toBeUndefined();
    await expect(uploaded({ route: 'upload', cut: 'after' })).rejects.toThrow();
    expect(await stored(latest()?.fileId)).toBe(table);
  });

  it('can be damaged in transit, or get another ETag', async () => {
    const damaged = await uploaded({ route: 'upload', corrupt: true });
    expect(damaged.response.status).toBe(204);
    expect(await stored(damaged.fileId)).toBe(`r${table.slice(1)}`);
    const renamed = await uploaded({ route: 'upload', etag: '"kms"' });
    expect([renamed.response.headers.etag, await stored(renamed.fileId)]).toEqual(['"kms"', table]);
  });

  it('can find that the server stops reading', async () => {
    const { body } = await presign(sandbox, token);
    sandbox.faults.add({ route: 'upload', hang: 1_000_000 });
    const stalled = post(body, body.presigned.fields, Buffer.alloc(50_000_000, 'a,b\n'));
    stalled.catch(() => {});
    await expect.poll(() => sandbox.files.at(-1)?.uploads).toMatchObject([{ status: 0 }]);
    await sandbox.stop();
    await expect(stalled).rejects.toThrow();
    expect(await stored(body.file.id)).toBeUndefined();
  });

  it('can get the page of a proxy, or no response at all', async () => {
    expect((await uploaded({ route: 'upload', response: 'html' })).response.text).toContain(
      '<!DOCTYPE html>',
    );
    const { body } = await presign(sandbox, token);
    sandbox.faults.add({ route: 'upload', hang: true });
    const hanging = post(body, body.presigned.fields, table);
    hanging.catch(() => {});
    await expect
      .poll(() => sandbox.files.at(-1)?.uploads)
      .toMatchObject([{ status: 0, fields: expect.any(Array) }]);
    await sandbox.stop();
    await expect(hanging).rejects.toThrow();
  });
});

it('no secret is missing from the list of secrets', async () => {
  const { body } = await presign(sandbox, token);
  const { key: _key, 'x-amz-algorithm': _algorithm, 'x-amz-date': _date, ...signed } = body.presigned.fields;
  for (const secret of [token, sandbox.user.password, ...Object.values(signed)])
    expect(sandbox.secrets).toContain(secret);
});
