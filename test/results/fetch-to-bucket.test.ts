import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { objectStoreClient, type S3Bucket } from '../../sandbox/object-store.js';
import { s3Access } from '../../src/files/s3-source.js';
import { HostList } from '../../src/http/host-list.js';
import { fetchPackage } from '../../src/results/fetch-package.js';
import { newBucket, stubAwsEnvironment } from '../support/bucket.js';
import { dispatcher } from '../support/fake-aplos.js';
import { sha256Of } from '../support/hashes.js';
import { EXECUTION_ID, EXPECTED, packageOf } from '../support/packages.js';
import { serve, sourceServer } from '../support/source-server.js';

describe('fetchPackage to a bucket', () => {
  let s3: S3Bucket;
  beforeAll(async () => {
    s3 = await newBucket();
  });
  beforeEach(() => stubAwsEnvironment(s3));

  const client = () => objectStoreClient(s3);
  const keys = async (Prefix: string) =>
    (await client().send(new ListObjectsV2Command({ Bucket: s3.bucket, Prefix }))).Contents?.map(
      ({ Key }) => Key,
    ) ?? [];

  async function newFetch(key: string, content = packageOf()) {
    const server = await sourceServer(serve(content));
    const location = `s3://${s3.bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
    const connections = dispatcher();
    const run = (roots = [{ text: '', bucket: s3.bucket, prefix: '' }]) =>
      fetchPackage(
        { ...EXPECTED, location, unpack: false },
        { roots, s3: s3Access() },
        {
          origin: {
            executionId: EXECUTION_ID,
            requestLink: async () => server.url,
            dispatcher: connections,
            hosts: new HostList(['127.0.0.1']),
          },
          owner: 'workflow/1',
          idleTimeoutMs: 60_000,
          onProgress: () => {},
        },
      );
    return { location, run };
  }

  it('stores the package with its SHA-256, and only checks it the next time', async () => {
    const content = packageOf({ 'outputs/pk-listing.csv': 'x'.repeat(9_000_000) });
    const { location, run } = await newFetch('größe 100%/pk.csv/day 1.zip', content);

    const stored = await run();

    expect(stored).toEqual({
      location,
      sizeBytes: content.length,
      sha256: sha256Of(content),
      inputVerified: true,
      configurationVerified: true,
    });
    const Key = 'größe 100%/pk.csv/day 1.zip';
    const { Body, ContentType } = await client().send(new GetObjectCommand({ Bucket: s3.bucket, Key }));
    expect(Buffer.from((await Body?.transformToByteArray()) ?? [])).toEqual(content);
    expect(ContentType).toBe('application/zip');
    const { LastModified } = await client().send(new HeadObjectCommand({ Bucket: s3.bucket, Key }));
    expect(await run()).toEqual(stored);
    expect((await client().send(new HeadObjectCommand({ Bucket: s3.bucket, Key }))).LastModified).toEqual(
      LastModified,
    );
  });

  it.each([
    ['of another size', Buffer.from('mine')],
    ['of the same size', Buffer.alloc(packageOf().length)],
  ])('overwrites no object %s', async (_what, Body) => {
    const key = `exists/${Body.length}.zip`;
    await client().send(new PutObjectCommand({ Bucket: s3.bucket, Key: key, Body }));
    const { run } = await newFetch(key);

    await expect(run()).rejects.toMatchObject({ code: 'RESULTS_EXIST' });
  });

  it('stores the same package once if two steps do so at once, and one of two different ones', async () => {
    const one = await newFetch('race/same.zip');
    const same = await newFetch('race/same.zip');
    await Promise.all([one.run(), same.run()]);
    const first = await newFetch('race/other.zip');
    const second = await newFetch('race/other.zip', packageOf({ 'outputs/pk-results.csv': 'other' }));

    const codes = await Promise.all(
      [first, second].map(({ run }) =>
        run().then(
          () => 'stored',
          ({ code }: { code: string }) => code,
        ),
      ),
    );

    expect(codes.sort()).toEqual(['RESULTS_EXIST', 'stored']);
  });

  it('stores nothing of a damaged package', async () => {
    const { run } = await newFetch('damaged/x.zip', packageOf().subarray(0, 500));

    await expect(run()).rejects.toMatchObject({ code: 'RESULTS_DAMAGED' });
    expect(await keys('damaged')).toEqual([]);
  });

  it.each([
    ['another bucket', { bucket: 'other', prefix: '' }],
    ['another prefix', { bucket: '', prefix: 'allow' }],
  ])('is refused if only %s is allowed', async (_what, root) => {
    const { run } = await newFetch('allowed/x.zip');

    await expect(run([{ text: 's3://…', ...root, bucket: root.bucket || s3.bucket }])).rejects.toMatchObject({
      code: 'RESULTS_NOT_ALLOWED',
    });
  });

  it('has one code for a bucket that does not exist, and for wrong credentials', async () => {
    const { run } = await newFetch('x.zip');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wrong');

    await expect(run()).rejects.toMatchObject({ code: 'RESULTS_UNWRITABLE', remedy: 'final' });
  });

  it('retries while S3 does not respond', async () => {
    const { run } = await newFetch('x.zip');
    vi.stubEnv('AWS_ENDPOINT_URL_S3', 'http://127.0.0.1:9');

    await expect(run()).rejects.toMatchObject({ code: 'RESULTS_UNWRITABLE', remedy: 'retry' });
  });
});
