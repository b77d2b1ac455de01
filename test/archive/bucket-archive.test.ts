import { randomUUID } from 'node:crypto';
import {
  CreateBucketCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
} from '@aws-sdk/client-s3';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { objectStoreClient, type S3Bucket } from '../../sandbox/object-store.js';
import { openArchive } from '../../src/archive/open-archive.js';
import { type S3Access, s3Access } from '../../src/files/s3-source.js';
import { runRecord } from '../../src/records/receipt-file.js';
import { newBucket, stubAwsEnvironment } from '../support/bucket.js';
import { aReceipt } from '../support/receipts.js';
import { newSigningKey } from '../support/signing-key.js';

const NAME = 'pk.csv.0a1b2c3d4e5f.receipt.json';
const content = runRecord(aReceipt(), newSigningKey());

describe('an archive in a bucket', () => {
  let s3: S3Bucket;
  beforeAll(async () => {
    s3 = await newBucket();
  });
  beforeEach(() => stubAwsEnvironment(s3));

  const client = () => objectStoreClient(s3);
  const archiveAt = (prefix: string, bucket = s3.bucket) =>
    openArchive({ text: `s3://${bucket}/${prefix}`, bucket, prefix }, s3Access());
  const versions = async (prefix: string, bucket = s3.bucket) =>
    (await client().send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix }))).Versions ?? [];

  it('adds a record once, however often and however many at a time', async () => {
    const archive = archiveAt('once');
    const location = `s3://${s3.bucket}/once/${NAME}`;
    expect(await archive.add(NAME, content)).toMatchObject({ location });
    const before = await versions('once/');
    await Promise.all(Array.from({ length: 5 }, () => archive.add(NAME, content)));
    expect(await archive.names()).toEqual([NAME]);
    expect(await archive.read(NAME)).toEqual(content);
    expect(await archive.read('another')).toBeUndefined();
    expect(await versions('once/')).toEqual(before);
  });

  it('changes nothing if the key has something else', async () => {
    const other = runRecord(aReceipt({ runId: 'another' }), undefined);
    await client().send(new PutObjectCommand({ Bucket: s3.bucket, Key: `taken/${NAME}`, Body: other }));
    await expect(archiveAt('taken/').add(NAME, content)).rejects.toMatchObject({
      code: 'RECORD_CONFLICT',
      retryable: true,
      message: expect.stringContaining(`s3://${s3.bucket}/taken/${NAME}`),
    });
    expect(await archiveAt('taken').read(NAME)).toEqual(other);
  });

  it('finds a record whose response was lost', async () => {
    const { sdk, client: s3Client } = await s3Access()();
    let isLost = false;
    const send = async (command: Parameters<S3Access['client']['send']>[0]) => {
      const response = await s3Client.send(command);
      if (isLost) return response;
      isLost = true;
      throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    };
    const access = { sdk, client: { send } as unknown as S3Access['client'] };
    const location = { text: '', bucket: s3.bucket, prefix: 'lost' };
    const archive = openArchive(location, async () => access);
    await expect(archive.add(NAME, content)).rejects.toMatchObject({ code: 'RECORD_UNWRITABLE' });
    const before = await versions('lost/');
    expect(await archive.add(NAME, content)).toMatchObject({ location: `s3://${s3.bucket}/lost/${NAME}` });
    expect(await versions('lost/')).toEqual(before);
  });

  it('accepts a record that states the same under another key', async () => {
    await archiveAt('rotated').add(NAME, content);
    await archiveAt('rotated').add(NAME, runRecord(aReceipt(), newSigningKey()));
    expect(await archiveAt('rotated').read(NAME)).toEqual(content);
  });

  it('lists only the records of its own prefix', async () => {
    const put = (key: string) =>
      client().send(new PutObjectCommand({ Bucket: s3.bucket, Key: key, Body: 'x' }));
    await Promise.all(['own/b', 'own/a', 'own/below/c', 'owner', 'd'].map(put));
    expect(await archiveAt('own').names()).toEqual(['a', 'b']);
  });

  it('lists all records, although S3 returns them in pages', async () => {
    const { sdk } = await s3Access()();
    const pages = [
      { Contents: [{ Key: 'p/2' }], NextContinuationToken: 'next' },
      { Contents: [{ Key: 'p/1' }, { Key: 'p/3' }] },
    ];
    const tokens: unknown[] = [];
    const send = async ({ input }: { input: { ContinuationToken?: string } }) => {
      tokens.push(input.ContinuationToken);
      return pages.shift();
    };
    const access = { sdk, client: { send } as unknown as S3Access['client'] };
    const location = { text: 's3://b/p', bucket: 'b', prefix: 'p' };
    expect(await openArchive(location, async () => access).names()).toEqual(['1', '2', '3']);
    expect(tokens).toEqual([undefined, 'next']);
  });

  it('keeps records under Object Lock for the retention of the bucket', async () => {
    const bucket = `test-${randomUUID()}`;
    await client().send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
    await client().send(
      new PutObjectLockConfigurationCommand({
        Bucket: bucket,
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 1 } },
        },
      }),
    );
    expect(await archiveAt('', bucket).check()).toBe('a bucket with Object Lock, compliance, for 1 day');
    const stored = await archiveAt('', bucket).add(NAME, content);
    expect(stored).toEqual({
      location: `s3://${bucket}/${NAME}`,
      versionId: expect.any(String),
      retainUntil: expect.stringMatching(/^20/),
    });
    expect(await archiveAt('', bucket).add(NAME, content)).toEqual(stored);
    expect(await versions('', bucket)).toHaveLength(1);
  });

  it('says that a bucket has no Object Lock', async () => {
    expect(await archiveAt('').check()).toBe('a bucket without Object Lock, so records can be deleted');
    await expect(archiveAt('', 'no-such-bucket').check()).rejects.toMatchObject({
      code: 'RECORD_UNWRITABLE',
    });
  });

  it('says that the bucket does not exist, or that nothing responds', async () => {
    await expect(archiveAt('', 'no-such-bucket').names()).rejects.toMatchObject({
      code: 'RECORDS_UNREADABLE',
    });
    stubAwsEnvironment({ ...s3, endpoint: 'http://127.0.0.1:1' });
    await expect(archiveAt('').add(NAME, content)).rejects.toMatchObject({
      code: 'RECORD_UNWRITABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
