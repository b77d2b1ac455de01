import { randomUUID } from 'node:crypto';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { inject, onTestFinished, vi } from 'vitest';
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

/** Lets the AWS SDK find a server by its environment alone, until the end of the test. */
export function stubAwsEnvironment(s3: S3Bucket): void {
  vi.stubEnv('AWS_ENDPOINT_URL_S3', s3.endpoint);
  vi.stubEnv('AWS_REGION', s3.region);
  vi.stubEnv('AWS_ACCESS_KEY_ID', s3.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', s3.secretAccessKey);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_CONFIG_FILE', '/nowhere');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere');
  onTestFinished(() => void vi.unstubAllEnvs());
}

/** A bucket without a server, for sandboxes that no file is uploaded to. */
export const NO_BUCKET: S3Bucket = {
  endpoint: 'http://127.0.0.1:9',
  region: 'us-east-1',
  accessKeyId: 'none',
  secretAccessKey: 'none',
  bucket: 'none',
};
