/**
 * Uploads files with the client of another checkout on request of the benchmark, in a process of its own. The first argument is
 * the checkout. Its settings come from the environment, and the namespace that it registers.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Connection } from '@temporalio/client';
import pMap from 'p-map';
import { registerNamespace } from '../../test/support/register-namespace.js';
import { configuration } from '../../test/support/tables.js';

const root = process.argv[2] ?? '.';
const load = (path: string) => import(pathToFileURL(join(root, path)).href);
const { UploadClient, requestForFile } = (await load(
  'src/client.ts',
)) as typeof import('../../src/client.js');
const { registerSearchAttributes } = (await load(
  'src/temporal/search-attributes.ts',
)) as typeof import('../../src/temporal/search-attributes.js');

const { TEMPORAL_ADDRESS: address = '', TEMPORAL_NAMESPACE: namespace = '' } = process.env;
const connection = await Connection.connect({ address });
await registerNamespace(connection, namespace, () => registerSearchAttributes(connection, namespace));
await connection.close();
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
