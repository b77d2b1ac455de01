import { randomUUID } from 'node:crypto';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { inject } from 'vitest';
import { objectStoreClient, type S3Bucket } from '../../sandbox/object-store.js';

/** Creates a bucket on the S3 server that all test files share. */
export async function newBucket(): Promise<S3Bucket> {
  const s3 = inject('s3');
  const bucket = `test-${randomUUID()}`;
  const client = objectStoreClient(s3);
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  return { ...s3, bucket };
}

/** A bucket without a server, for sandboxes that no file is uploaded to. */
export const NO_BUCKET: S3Bucket = {
  endpoint: 'http://127.0.0.1:9',
  region: 'us-east-1',
  accessKeyId: 'none',
  secretAccessKey: 'none',
  bucket: 'none',
};
