import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, Worker } from '@temporalio/worker';

const [file = '', config = ''] = process.argv.slice(2);
const sha256 = createHash('sha256')
  .update(await readFile(file))
  .digest('hex');
const request = {
  source: pathToFileURL(resolve(file)).href,
  expect: { sha256 },
  executions: [{ label: 'day 1', configuration: JSON.parse(await readFile(config, 'utf8')) }],
};

const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
const connection = await NativeConnection.connect(connectionOptions);
const worker = await Worker.create({
  connection,
  namespace,
  taskQueue: 'studies',
  workflowsPath: fileURLToPath(new URL('./study-workflow.ts', import.meta.url)),
});
const client = new Client({ connection: await Connection.connect(connectionOptions), namespace });
const executionIds = await worker.runUntil(
  client.workflow.execute('analyseStudy', {
    taskQueue: 'studies',
    workflowId: `study:${sha256.slice(0, 20)}`,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
    workflowIdConflictPolicy: 'USE_EXISTING',
    args: [request],
  }),
);
console.log(JSON.stringify(executionIds));
await client.connection.close();
await connection.close();
