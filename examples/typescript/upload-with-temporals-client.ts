import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  Client,
  Connection,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';

const [file = '', config = ''] = process.argv.slice(2);
const sha256 = createHash('sha256')
  .update(await readFile(file))
  .digest('hex');
const workflowId = `pk:${sha256.slice(0, 20)}`;
const request = {
  source: pathToFileURL(resolve(file)).href,
  expect: { sha256 },
  executions: [{ label: 'day 1', configuration: JSON.parse(await readFile(config, 'utf8')) }],
};

const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
const connection = await Connection.connect(connectionOptions);
const client = new Client({ connection, namespace });
try {
  await client.workflow.start('uploadAnalysisFile', {
    taskQueue: 'aplos-upload',
    workflowId,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
    workflowIdConflictPolicy: 'USE_EXISTING',
    args: [request],
  });
} catch (error) {
  if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error; // already completed: get its receipt below
}
try {
  console.log(JSON.stringify(await client.workflow.getHandle(workflowId).result()));
} catch (error) {
  if (!(error instanceof WorkflowFailedError)) throw error;
  const { cause } = error;
  const code = cause instanceof ApplicationFailure ? cause.type : 'cancelled, terminated or timed out';
  console.error(`${code}: ${cause?.message}`);
  process.exitCode = 1;
} finally {
  await connection.close();
}
