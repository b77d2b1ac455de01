import { basename } from 'node:path';
import pMap from 'p-map';
import type { UploadClient } from '../../src/client.js';
import { versionOf } from '../suite/package-version.js';
import type { BenchWorld } from '../suite/world.js';

/** Returns what the naive chain is made of. */
export const naiveChain = async (): Promise<string> =>
  `naive chain: @temporalio/worker ${await versionOf('@temporalio/worker')}, undici ${await versionOf('undici')}`;

/** Uploads a file with our client, and waits for the receipt. */
export async function uploadOurs(client: UploadClient, world: BenchWorld, path: string): Promise<string> {
  const upload = await client.start(await world.requestFor(path));
  await upload.result();
  return upload.workflowId;
}

/** Uploads a file with the naive chain, and waits for its end. */
export async function uploadNaively(world: BenchWorld, path: string): Promise<string> {
  const workflowId = `naive-${basename(path)}`;
  const { rawClient } = await world.servers;
  await rawClient.workflow.execute('naiveChain', { taskQueue: 'naive-chain', workflowId, args: [path] });
  return workflowId;
}

/** Returns the files per second, if so many are uploaded at a time. */
export async function filesPerSecond(
  paths: readonly string[],
  concurrency: number,
  upload: (path: string) => Promise<unknown>,
): Promise<number> {
  const before = performance.now();
  await pMap(paths, upload, { concurrency });
  return (1000 * paths.length) / (performance.now() - before);
}
