/**
 * Runs the activity `uploadFile` on request of the benchmark, in a process of its own, as a worker does. The first argument is
 * the checkout whose activity it runs.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MockActivityEnvironment } from '@temporalio/testing';
import { Agent } from 'undici';
import type { ActivityDependencies } from '../../src/activities/dependencies.js';
import type { FileRequest, PresignedPost } from '../../src/contract/steps.js';

/** A file to upload, and its presigned POST. */
export interface UploadJob {
  readonly request: FileRequest;
  readonly presigned: PresignedPost;
}

const root = process.argv[2] ?? '.';
const load = (path: string) => import(pathToFileURL(join(root, path)).href);
const { uploadFile } = (await load('src/activities/uploadFile.ts')) as {
  uploadFile: typeof import('../../src/activities/uploadFile.js').uploadFile;
};
const { HostList } = (await load('src/http/host-list.ts')) as {
  HostList: typeof import('../../src/http/host-list.js').HostList;
};
const dependencies: Pick<ActivityDependencies, 'dispatcher' | 'sources' | 's3Targets' | 'idleTimeoutMs'> = {
  dispatcher: new Agent(),
  sources: {},
  s3Targets: { hosts: new HostList(['127.0.0.1']) },
  idleTimeoutMs: 60_000,
};
const activity = uploadFile(dependencies as ActivityDependencies);

process.on('message', async (jobs: readonly UploadJob[]) => {
  const startedAt = performance.now();
  try {
    await Promise.all(jobs.map((job) => new MockActivityEnvironment().run(activity, job)));
    process.send?.({ seconds: (performance.now() - startedAt) / 1000 });
  } catch (error) {
    process.send?.({ error: String(error) });
  }
});
process.send?.({ ready: true });
