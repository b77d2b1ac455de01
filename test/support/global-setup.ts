import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { S3Bucket } from '../../sandbox/object-store.js';
import { startSeaweed } from '../../sandbox/servers/seaweed.js';
import { startTemporalDevServer } from '../../sandbox/servers/temporal.js';
import { QUICK_DELETION, type TemporalNamespace } from './world.js';

declare module 'vitest' {
  interface ProvidedContext {
    temporal: Omit<TemporalNamespace, 'namespace'>;
    s3: Omit<S3Bucket, 'bucket'>;
    /** Folder for workflow bundles. */
    bundles: string;
  }
}

/** Starts the servers and creates the folder that all test files share. Removes them after the last one. */
export default async function setup(project: TestProject): Promise<() => Promise<unknown>> {
  const [temporal, s3, bundles] = await Promise.all([
    startTemporalDevServer({ extraArgs: QUICK_DELETION }),
    startSeaweed(),
    mkdtemp(join(tmpdir(), 'aplos-upload-bundles-')),
  ]);
  const { address, uiUrl, httpUrl } = temporal;
  const { endpoint, region, accessKeyId, secretAccessKey } = s3;
  project.provide('temporal', { address, uiUrl, httpUrl });
  project.provide('s3', { endpoint, region, accessKeyId, secretAccessKey });
  project.provide('bundles', bundles);
  return () => Promise.all([temporal.stop(), s3.stop(), rm(bundles, { recursive: true, force: true })]);
}
