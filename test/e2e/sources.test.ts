import { randomUUID } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { CreateBucketCommand, PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CuttingProxy, cuttingProxy } from '../../bench/sources/cutting-proxy.js';
import { objectStoreClient } from '../../sandbox/object-store.js';
import { UploadClient, type UploadFailedError, type UploadRequestInput } from '../../src/client.js';
import type { Receipt } from '../../src/contract/receipt.js';
import { createSelfSigned } from '../support/certificates.js';
import { bytesOf } from '../support/history.js';
import { startWorld } from '../support/shared-world.js';
import {
  countingServer,
  type Responder,
  type Serving,
  serve,
  stopServer,
  urlOf,
} from '../support/source-server.js';
import { configuration, table } from '../support/tables.js';
import type { World } from '../support/world.js';

const SECRET = 'e2e-topsecret';
const QUERY = `X-Amz-Credential=AKIA&X-Amz-Signature=${SECRET}`;
const content = table(6_000_000);
const BUCKET = `studies-${randomUUID()}`;

describe('a remote source', () => {
  let world: World;
  let client: UploadClient;
  let proxy: CuttingProxy;
  let server: Server;
  let temporary: string;
  let versionId: string | undefined;
  const answers = new Map<string, Responder>();
  const asked = new Map<string, number>();

  beforeAll(async () => {
    world = await startWorld();
    client = await UploadClient.connect({ client: world.client });
    const certificate = createSelfSigned();
    await writeFile(join(world.folder, 'ca.pem'), certificate.cert);
    ({ server } = countingServer(answerByPath, certificate));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    temporary = join(world.folder, 'temporary');
    await mkdir(temporary);

    const { s3 } = world.sandbox;
    // The presign step opens the first connection, and reads nothing.
    proxy = await cuttingProxy(s3.endpoint, [1_300_000, 1_400_000, 1_500_000], 1);
    const store = objectStoreClient(s3);
    await store.send(new CreateBucketCommand({ Bucket: BUCKET }));
    const versioning = { Bucket: BUCKET, VersioningConfiguration: { Status: 'Enabled' as const } };
    await store.send(new PutBucketVersioningCommand(versioning));
    const stored = await store.send(
      new PutObjectCommand({ Bucket: BUCKET, Key: 'a b/pk.csv', Body: content }),
    );
    versionId = stored.VersionId;
    store.destroy();

    await world.startWorkerProcess({
      NODE_EXTRA_CA_CERTS: join(world.folder, 'ca.pem'),
      TMPDIR: temporary,
      APLOS_UPLOAD_SOURCE_HOSTS: '127.0.0.1',
      APLOS_UPLOAD_SPOOL_LIMIT: '7000000',
      AWS_ENDPOINT_URL_S3: proxy.url,
      AWS_REGION: s3.region,
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    });
  });
  afterAll(async () => {
    if (server) stopServer(server);
    proxy?.stop();
    await world?.stop();
  });

  function answerByPath(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url?.split('?')[0] ?? '';
    const times = (asked.get(path) ?? 0) + 1;
    asked.set(path, times);
    answers.get(path)?.(request, response, times);
  }

  /** Serves a file under a new path, and returns its presigned URL. */
  function sourceWith(answer: Responder): string {
    const path = `/${answers.size}/pk.csv`;
    answers.set(path, answer);
    return `${urlOf(server, true)}${path}?${QUERY}`;
  }
  const sourceServed = (serving: Serving) => sourceWith(serve(content, serving));

  const upload = async (input: UploadRequestInput) => (await client.start(input)).result();
  const failureOf = (input: UploadRequestInput): Promise<UploadFailedError> =>
    upload(input).then(
      () => expect.fail('It did not fail'),
      (error: UploadFailedError) => error,
    );
  const filesLeft = () => readdir(temporary);

  it('with https: is uploaded completely in one attempt although the connection drops three times', async () => {
    // The presign step sends the first request, and reads nothing.
    const source = sourceServed({ cuts: [Number.POSITIVE_INFINITY, 1_300_000, 1_400_000, 1_500_000] });
    const receipt = await upload({ source });

    expect((await world.sandbox.storedBytes(receipt.fileId ?? '')).equals(content)).toBe(true);
    expect(receipt.steps.map(({ attempts }) => attempts)).toEqual([1, 1, 1]);
    expect(asked.get(new URL(source).pathname)).toBe(5);
    expect(receipt.source).toBe(source.replace(/\?.*/, ''));
  });

  it('with s3: is uploaded completely although the connection drops three times, and the receipt has its version', async () => {
    const receipt = await upload({ source: `s3://${BUCKET}/a%20b/pk.csv` });

    expect((await world.sandbox.storedBytes(receipt.fileId ?? '')).equals(content)).toBe(true);
    expect(proxy.ranges, 'each cut was in the way').toHaveLength(3);
    expect(receipt).toMatchObject({ source: `s3://${BUCKET}/a%20b/pk.csv`, sourceVersionId: versionId });
    expect(versionId).toBeTruthy();
  });

  it('is accepted by the command, and read only by the worker', async () => {
    const config = await world.write('c.json', JSON.stringify(configuration));
    const source = sourceServed({});
    const { stdout, stderr } = await world.run('upload', source, '--config', config, '--json');
    const receipt = JSON.parse(stdout) as Receipt;
    expect((await world.sandbox.storedBytes(receipt.fileId ?? '')).equals(content)).toBe(true);
    expect(receipt.executions).toHaveLength(1);
    expect(stdout + stderr).not.toContain(SECRET);
  });

  it('of unknown length is uploaded completely, spooled in a file that never has a name', async () => {
    let filesMeanwhile: string[] | undefined;
    const source = sourceWith(async (_, response) => {
      await new Promise((written) => response.write(content.subarray(0, 5_000_000), written));
      // Its name is removed as soon as it is created.
      do filesMeanwhile = await filesLeft();
      while (filesMeanwhile.length > 0 && !response.destroyed);
      response.end(content.subarray(5_000_000));
    });
    const receipt = await upload({ source });

    expect((await world.sandbox.storedBytes(receipt.fileId ?? '')).equals(content)).toBe(true);
    expect(receipt.sizeBytes).toBe(content.length);
    expect([filesMeanwhile, await filesLeft()]).toEqual([[], []]);
  });

  it.each<[code: string, what: string, serving: Serving & { status?: number }]>([
    ['SOURCE_UNAVAILABLE', 'a server that has no time', { status: 503 }],
    [
      'SOURCE_UNREACHABLE',
      'a server that breaks off and tells no file from another',
      { headers: {}, cuts: [0, 9] },
    ],
  ])('is read again after %s, given %s', async (_code, _what, { status, ...serving }) => {
    const source = sourceWith((request, response, times) =>
      status && times === 1
        ? response.writeHead(status).end()
        : serve(content, serving)(request, response, times),
    );
    const receipt = await upload({ source });

    expect((await world.sandbox.storedBytes(receipt.fileId ?? '')).equals(content)).toBe(true);
    expect(receipt.steps.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(4);
  });

  const redirect = (location: string) =>
    sourceWith((_, response) => response.writeHead(302, { location }).end());

  it.each<[code: string, what: string, input: () => UploadRequestInput]>([
    ['SOURCE_FORBIDDEN', 'a host that is not named', () => ({ source: 'https://example.com/pk.csv' })],
    ['SOURCE_FORBIDDEN', 'an address that is not named', () => ({ source: 'https://127.0.0.2/pk.csv' })],
    [
      'SOURCE_FORBIDDEN',
      'a redirect to the metadata of the machine',
      () => ({ source: redirect('http://169.254.169.254/latest/meta-data/iam/pk.csv') }),
    ],
    [
      'SOURCE_REFUSED',
      'a file that is gone',
      () => ({ source: sourceWith((_, response) => response.writeHead(404).end()) }),
    ],
    ['SOURCE_REFUSED', 'an object that is gone', () => ({ source: `s3://${BUCKET}/none.csv` })],
    ['SOURCE_ANSWER_UNEXPECTED', 'a redirect to itself', () => ({ source: redirect('?again') })],
    [
      'FILE_NOT_AS_EXPECTED',
      'another size',
      () => ({ source: sourceServed({}), expect: { sizeBytes: content.length + 1 } }),
    ],
    ['SOURCE_UNSUPPORTED', 'a password', () => ({ source: `https://jane:${SECRET}@127.0.0.1/pk.csv` })],
  ])('fails immediately with %s, without a call to Aplos, given %s', async (code, _what, input) => {
    const before = world.sandbox.calls.length;
    const failure = await failureOf(input());

    expect(failure.code).toBe(code);
    expect(failure.message).toMatch(/\S\. [A-Z]/);
    expect(failure.message).not.toContain(SECRET);
    expect(world.sandbox.calls.slice(before).filter(({ route }) => route === 'presign')).toEqual([]);
  });

  it.each<[code: string, what: string, input: () => UploadRequestInput]>([
    [
      'SOURCE_SPOOL_LIMIT',
      'an endless file of unknown length',
      () => ({
        source: sourceWith((_, response) => {
          const more = () => response.destroyed || response.write(content, () => setImmediate(more));
          more();
        }),
      }),
    ],
    [
      'FILE_NOT_AS_EXPECTED',
      'another content',
      () => ({ source: sourceServed({}), expect: { sha256: '0'.repeat(64) } }),
    ],
    [
      'FILE_CHANGED',
      'a file that is replaced on the way',
      () => ({
        source: sourceWith((request, response, times) =>
          serve(content, { headers: { etag: `"${times}"` }, cuts: [9, 9] })(request, response, times),
        ),
      }),
    ],
  ])('fails with %s, and S3 stores nothing, given %s', async (code, _what, input) => {
    const failure = await failureOf(input());

    expect(failure.code).toBe(code);
    const { fileId = '' } = world.sandbox.files.at(-1) ?? {};
    await expect(world.sandbox.storedBytes(fileId)).rejects.toThrow();
    expect(await filesLeft()).toEqual([]);
  });

  it('leaks no signature into logs, histories and the UI', { tags: ['REQ-22'] }, async () => {
    expect(world.log()).toContain('Activity failed');
    expect(world.log()).not.toContain(SECRET);
    let searched = 0;
    for await (const { workflowId, runId } of world.rawClient.workflow.list()) {
      const handle = world.rawClient.workflow.getHandle(workflowId, runId);
      expect(bytesOf(await handle.fetchHistory()).includes(SECRET), workflowId).toBe(false);
      expect(JSON.stringify((await handle.describe()).raw)).not.toContain(SECRET);
      searched += 1;
    }
    expect(searched).toBeGreaterThan(10);
  });
});
