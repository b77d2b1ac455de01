import { createHash } from 'node:crypto';
import { GetObjectCommand, S3ServiceException } from '@aws-sdk/client-s3';
import { createPresignedPost, type PresignedPostOptions } from '@aws-sdk/s3-presigned-post';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { S3Bucket } from '../../sandbox/object-store.js';
import { objectStoreClient } from '../../sandbox/object-store.js';
import type { PresignedPost } from '../../src/contract/steps.js';
import { postObject } from '../../src/s3/post-object.js';
import { newBucket } from '../support/bucket.js';
import { openFile, postOptions } from '../support/posting.js';
import { distinctBytes } from '../support/temporary-folder.js';

describe('postObject with a real S3 server', () => {
  let s3: S3Bucket;
  let client: ReturnType<typeof objectStoreClient>;

  beforeAll(async () => {
    s3 = await newBucket();
    client = objectStoreClient(s3);
  }, 120_000);

  afterAll(async () => {
    client?.destroy();
  });

  async function presign(Key: string, more: Partial<PresignedPostOptions> = {}): Promise<PresignedPost> {
    const { url, fields } = await createPresignedPost(client, { Bucket: s3.bucket, Key, ...more });
    return { url, fields, expiresAt: new Date(Date.now() + 3_600_000).toISOString() };
  }

  async function stored(Key: string): Promise<Buffer | undefined> {
    try {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: s3.bucket, Key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    } catch (error) {
      if (error instanceof S3ServiceException && error.name === 'NoSuchKey') return undefined;
      throw error;
    }
  }

  it.each([1, 300_000, 20_000_001])(
    'stores a file of %d bytes unchanged, with its MD5 as ETag',
    async (size) => {
      const content = distinctBytes(size);
      const key = `größe/${size}.csv`;

      const evidence = await postObject(await presign(key), await openFile(content), postOptions());

      expect(evidence.status).toBe(204);
      expect(evidence.etag).toBe(evidence.md5);
      expect(evidence.md5).toBe(createHash('md5').update(content).digest('hex'));
      expect((await stored(key))?.equals(content)).toBe(true);
    },
  );

  it('inserts the file name into the key', async () => {
    const post = await presign(`\${filename}`, { Conditions: [['starts-with', '$key', '']] });

    await postObject(post, await openFile('abc'), postOptions({ fileName: 'by-name.csv' }));

    expect((await stored('by-name.csv'))?.toString()).toBe('abc');
  });

  it.each([
    ['S3_TOO_LARGE', { Conditions: [['content-length-range', 1, 99]] }],
    ['S3_TOO_SMALL', { Conditions: [['content-length-range', 101, 999]] }],
    ['S3_EXPIRED', { Expires: -10 }],
  ] satisfies [string, Partial<PresignedPostOptions>][])('is refused as %s', async (code, more) => {
    const uploading = postObject(
      await presign('refused.csv', more),
      await openFile('x'.repeat(100)),
      postOptions(),
    );

    await expect(uploading).rejects.toMatchObject({ code });
    expect(await stored('refused.csv')).toBeUndefined();
  });

  it('is refused if the policy was tampered with', async () => {
    const { fields, ...post } = await presign('tampered.csv');
    const forged = { ...fields, 'X-Amz-Signature': '0'.repeat(64) };

    await expect(
      postObject({ ...post, fields: forged }, await openFile('abc'), postOptions()),
    ).rejects.toMatchObject({ code: 'S3_SIGNATURE_REFUSED' });
  });

  it('stores nothing if it is cancelled', async () => {
    const controller = new AbortController();
    const options = postOptions({
      signal: controller.signal,
      onProgress: (bytes) => bytes > 10_000_000 && controller.abort(new Error('cancelled')),
    });

    await expect(
      postObject(await presign('cancelled.csv'), await openFile(distinctBytes(40_000_000)), options),
    ).rejects.toThrow('cancelled');
    expect(await stored('cancelled.csv')).toBeUndefined();
  });
});
