import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { callerDataConverterFor, loadSettings, requestForFile } from 'aplos-upload-worker';

const [namespace = '', file = '', config = ''] = process.argv.slice(2);
const address = process.env.TEMPORAL_ADDRESS ?? 'localhost:7233';
const configuration = JSON.parse(await readFile(config, 'utf8'));
const request = await requestForFile(file, { executions: [{ label: 'day 1', configuration }] });

const dataConverter = callerDataConverterFor(loadSettings());
const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({
  connection,
  namespace,
  dataConverter,
  taskQueue: 'analyses',
  workflowsPath: fileURLToPath(new URL('./analysis-workflow.ts', import.meta.url)),
});
const client = new Client({ connection: await Connection.connect({ address }), namespace, dataConverter });
const executionIds = await worker.runUntil(
  client.workflow.execute('analyse', {
    taskQueue: 'analyses',
    workflowId: `analysis-${request.expect?.sha256}-${Date.now()}`,
    args: [request],
  }),
);
console.log(JSON.stringify(executionIds));
await client.connection.close();
await connection.close();
