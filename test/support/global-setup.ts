import type { TestProject } from 'vitest/node';
import type { S3Bucket } from '../../sandbox/object-store.js';
import { startSeaweed } from '../../sandbox/servers/seaweed.js';
import { startTemporalDevServer } from '../../sandbox/servers/temporal.js';
import type { TemporalNamespace } from './world.js';

declare module 'vitest' {
  interface ProvidedContext {
    temporal: Omit<TemporalNamespace, 'namespace'>;
    s3: Omit<S3Bucket, 'bucket'>;
  }
}

/** Starts the servers that all test files share, and stops them after the last one. */
export default async function setup(project: TestProject): Promise<() => Promise<unknown>> {
  const [temporal, s3] = await Promise.all([startTemporalDevServer(), startSeaweed()]);
  const { address, uiUrl, httpUrl } = temporal;
  const { endpoint, region, accessKeyId, secretAccessKey } = s3;
  project.provide('temporal', { address, uiUrl, httpUrl });
  project.provide('s3', { endpoint, region, accessKeyId, secretAccessKey });
  return () => Promise.all([temporal.stop(), s3.stop()]);
}
