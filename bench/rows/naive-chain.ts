import { basename } from 'node:path';
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
