/**
 * Uploads files with the client of another checkout on request of the benchmark, in a process of its own. The first argument is
 * the checkout. Its settings and the namespace come from the environment.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Connection } from '@temporalio/client';
import pMap from 'p-map';
import { configuration } from '../../test/support/tables.js';

const root = process.argv[2] ?? '.';
const load = (path: string) => import(pathToFileURL(join(root, path)).href);
const { UploadClient, requestForFile } = (await load(
  'src/client.ts',
)) as typeof import('../../src/client.js');
const { registerSearchAttributes } = (await load(
  'src/temporal/search-attributes.ts',
)) as typeof import('../../src/temporal/search-attributes.js');

/** A namespace cannot be used at once after it was registered. */
const MAX_TRIES = 300;

async function prepareNamespace(): Promise<void> {
  const { TEMPORAL_ADDRESS: address = '', TEMPORAL_NAMESPACE: namespace = '' } = process.env;
  const connection = await Connection.connect({ address });
  for (let tries = 1; ; tries++) {
    try {
      await registerSearchAttributes(connection, namespace);
      break;
    } catch (error) {
      if (tries === MAX_TRIES) throw error;
      await sleep(100);
    }
  }
  await connection.close();
}

await prepareNamespace();
const client = await UploadClient.connect();

async function upload(path: string): Promise<string> {
  const request = await requestForFile(path, { executions: [{ label: 'only', configuration }] });
  const started = await client.start(request);
  await started.result();
  return started.workflowId;
}

process.on(
  'message',
  async ({ paths, options }: { paths: readonly string[]; options: { concurrency: number } }) => {
    try {
      process.send?.({ workflowIds: await pMap(paths, upload, options) });
    } catch (error) {
      process.send?.({ error: String(error) });
    }
  },
);
process.send?.({ workflowIds: [] });
