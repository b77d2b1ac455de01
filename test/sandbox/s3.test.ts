import { createHash, randomBytes } from 'node:crypto';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { S3Bucket } from '../../sandbox/object-store.js';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.js';
import { newBucket } from '../support/bucket.js';
import { logIn, type Presigned, post, presign, table, upload } from '../support/sandbox-client.js';

let s3: S3Bucket;
let sandbox: Sandbox;
let token: string;

beforeAll(async () => {
  s3 = await newBucket();
  sandbox = await startSandbox({ s3 });
  token = await logIn(sandbox);
}, 60_000);

afterAll(async () => {
  await sandbox?.stop();
});

const presigned = async (): Promise<Presigned> => (await presign(sandbox, token)).body;
const without = (fields: Readonly<Record<string, string>>, name: string) =>
  Object.fromEntries(Object.entries(fields).filter(([each]) => each !== name));

describe('an upload to the S3 proxy', () => {
  it('gets a 204 without a body and with the MD5 as ETag, and is stored byte for byte', async () => {
    const content = randomBytes(3_000_000);
    const { fileId, response } = await upload(sandbox, token, content);
    expect(response.status).toBe(204);
    expect(response.text).toBe('');
    expect(response.headers.etag).toBe(`"${createHash('md5').update(content).digest('hex')}"`);
    expect((await sandbox.storedBytes(fileId)).equals(content)).toBe(true);
  });

  it('is recorded with its fields in the order sent', async () => {
    const form = await presigned();
    await post(form, form.presigned.fields, table);
    const [seen] = sandbox.files.find(({ fileId }) => fileId === form.file.id)?.uploads ?? [];
    expect(seen?.fields).toEqual(Object.entries(form.presigned.fields));
    expect(seen?.fields.map(([name]) => name)).toEqual([
      'key',
      'x-amz-algorithm',
      'x-amz-credential',
      'x-amz-date',
      'x-amz-security-token',
      'policy',
      'x-amz-signature',
    ]);
    expect(seen?.status).toBe(204);
  });

  it('can be repeated', async () => {
    const form = await presigned();
    await post(form, form.presigned.fields, 'a,b\n1,2\n');
    expect((await post(form, form.presigned.fields, table)).status).toBe(204);
    expect((await sandbox.storedBytes(form.file.id)).toString()).toBe(table);
  });
});

describe('the S3 proxy', () => {
  it('refuses a policy that was tampered with', async () => {
    const form = await presigned();
    const policy = JSON.parse(Buffer.from(form.presigned.fields.policy ?? '', 'base64').toString());
    policy.expiration = '2099-01-01T00:00:00.000Z';
    const tampered = Buffer.from(JSON.stringify(policy)).toString('base64');
    const response = await post(form, { ...form.presigned.fields, policy: tampered }, table);
    expect(response.status).toBe(403);
    expect(response.text).toContain('<Code>SignatureDoesNotMatch</Code>');
  });

  it('refuses a policy that has expired', async () => {
    sandbox.faults.add({ route: 'presign', expire: 'policy' });
    const form = await presigned();
    const response = await post(form, form.presigned.fields, table);
    expect(response.status).toBe(403);
    expect(response.text).toContain('<Code>AccessDenied</Code>');
    expect(response.text).toContain('Policy expired');
  });

  it('refuses a key that the policy does not name', async () => {
    const [form, other] = [await presigned(), await presigned()];
    const fields = { ...form.presigned.fields, key: other.presigned.fields.key ?? '' };
    expect((await post(form, fields, table)).status).toBeGreaterThanOrEqual(400);
  });

  it('refuses a form without its security token, or with a wrong one', async () => {
    const form = await presigned();
    const absent = await post(form, without(form.presigned.fields, 'x-amz-security-token'), table);
    expect([absent.status, absent.text]).toEqual([403, expect.stringContaining('InvalidAccessKeyId')]);
    const wrong = await post(form, { ...form.presigned.fields, 'x-amz-security-token': 'x' }, table);
    expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining('InvalidToken')]);
  });

  it('refuses a security token that has expired', async () => {
    sandbox.faults.add({ route: 'presign', expire: 'token' });
    const form = await presigned();
    const response = await post(form, form.presigned.fields, table);
    expect([response.status, response.text]).toEqual([400, expect.stringContaining('ExpiredToken')]);
  });

  it('reports the same error for a large file as for a small one', async () => {
    const form = await presigned();
    const fields = { ...form.presigned.fields, 'x-amz-security-token': 'x' };
    expect((await post(form, fields, Buffer.alloc(20_000_000, 'a,b\n'))).text).toContain('InvalidToken');
  });

  it('refuses a field that the policy does not cover', async () => {
    const form = await presigned();
    const response = await post(form, { ...form.presigned.fields, acl: 'public-read' }, table);
    expect([response.status, response.text]).toEqual([
      403,
      expect.stringContaining('Extra input fields: acl'),
    ]);
  });

  it('refuses a file over or under the sizes that the policy allows', async () => {
    const small = await startSandbox({ s3, minFileBytes: 10, maxFileBytes: 100 });
    const smallToken = await logIn(small);
    const over = await upload(small, smallToken, 'x'.repeat(101));
    expect([over.response.status, over.response.text]).toEqual([
      400,
      expect.stringContaining('EntityTooLarge'),
    ]);
    const under = await upload(small, smallToken, 'x'.repeat(9));
    expect([under.response.status, under.response.text]).toEqual([
      400,
      expect.stringContaining('EntityTooSmall'),
    ]);
    expect((await upload(small, smallToken, 'x'.repeat(100))).response.status).toBe(204);
    await small.stop();
  });

  it('refuses an upload of unknown length', async () => {
    const form = await presigned();
    const response = await request(form.presigned.url, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
      body: (async function* () {
        yield Buffer.from('--x--\r\n');
      })() as never,
    });
    expect(response.statusCode).toBe(411);
    expect(await response.body.text()).toContain('MissingContentLength');
  });

  it('refuses a body that is not a form, and a form without a file', async () => {
    const { presigned: form } = await presigned();
    const text = await request(form.url, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: 'x',
    });
    expect(text.statusCode).toBe(412);
    await text.body.dump();
    const empty = await request(form.url, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
      body: '--x\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--x--\r\n',
    });
    expect(empty.statusCode).toBe(400);
    expect(await empty.body.text()).toContain('exactly one file');
  });
});
