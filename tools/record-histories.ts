/**
 * `npm run histories [-- NAME…]`: records all histories of the next version, or only the named ones, in test/histories/VERSION/.
 * They come from real runs on the dev server against the sandbox. Secrets and local paths are replaced. The histories of released
 * versions never change: workflows that those versions started may still be running.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { type Fault, startSandbox } from '../sandbox/sandbox.js';
import { ensureBinaries } from '../sandbox/servers/binaries.js';
import { startTemporalDevServer } from '../sandbox/servers/temporal.js';
import { startWorker } from '../sandbox/worker-process.js';
import { requestForFile, UploadClient } from '../src/client.js';
import { VERSION } from '../src/util/version.js';
import { executionsFor } from '../test/support/tables.js';
import { releasedVersions } from './released-versions.js';

if (releasedVersions().includes(VERSION)) {
  console.error(`${VERSION} is released, so its histories must not change. Raise the version first.`);
  process.exit(1);
}
const into = fileURLToPath(new URL(`../test/histories/${VERSION}/`, import.meta.url));
await mkdir(into, { recursive: true });

interface Scenario {
  readonly labels: readonly string[];
  readonly faults?: readonly Fault[];
  readonly cancelWhenUploading?: true;
  /** Host that has the file. Its worker starts after the workflow has checked for it twice. Default: any worker. */
  readonly lateHost?: string;
  /** If true, the workers write records from this scenario on. */
  readonly keepsRecords?: true;
  /** Expected error code. Default: none, the upload succeeds. */
  readonly expectedError?: string;
}

const scenarios: Record<string, Scenario> = {
  finished: { labels: ['only'] },
  'two-executions': { labels: ['day 1', 'day 7'] },
  'upload-only': { labels: [] },
  'presigned-again': { labels: ['only'], faults: [{ route: 'upload', expire: 'policy' }] },
  'retried-everywhere': {
    labels: ['only'],
    faults: (['presign', 'upload', 'fileState', 'start'] as const).map((route) => ({ route, status: 503 })),
  },
  'execution-refused': {
    labels: ['only'],
    faults: [{ route: 'start', status: 400 }],
    expectedError: 'EXECUTION_REFUSED',
  },
  cancelled: {
    labels: ['only'],
    faults: [{ route: 'upload', hang: true }],
    cancelWhenUploading: true,
    expectedError: 'CANCELLED',
  },
  'host-came-late': { labels: ['only'], lateHost: 'lab-7' },
  recorded: { labels: ['only'], keepsRecords: true },
  'failure-recorded': {
    labels: ['only'],
    faults: [{ route: 'start', status: 400 }],
    keepsRecords: true,
    expectedError: 'EXECUTION_REFUSED',
  },
};
const selected = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(scenarios);

const folder = await mkdtemp(join(tmpdir(), 'aplos-upload-histories-'));
const [temporal, sandbox] = await Promise.all([startTemporalDevServer(), startSandbox()]);
const env = { ...sandbox.env, TEMPORAL_ADDRESS: temporal.address };
const workers = [await startWorker(env, () => {})];
const { temporal: temporalCommand } = await ensureBinaries();
const connection = await Connection.connect({ address: temporal.address });
const client = new Client({ connection });
const uploads = await UploadClient.connect({ client });
try {
  for (const [name, scenario] of Object.entries(scenarios))
    if (selected.includes(name)) await record(name, scenario);
} finally {
  await connection.close();
  await Promise.all(workers.map((worker) => worker.stop()));
  await Promise.all([temporal.stop(), sandbox.stop(), rm(folder, { recursive: true })]);
}

async function record(
  name: string,
  { labels, faults = [], cancelWhenUploading, lateHost, keepsRecords, expectedError }: Scenario,
): Promise<void> {
  if (keepsRecords) {
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));
    const records = join(folder, 'records');
    await mkdir(records, { recursive: true });
    workers.push(await startWorker({ ...env, APLOS_UPLOAD_RECORDS: records }, () => {}));
  }
  for (const fault of faults) sandbox.faults.add(fault);
  const path = join(folder, name, 'pk.csv');
  await mkdir(dirname(path));
  await writeFile(path, `subject,time,conc\n1,0,0\n1,1,${name.length}\n`);
  const executions = executionsFor(labels);
  const { workflowId, result } = await uploads.start(
    await requestForFile(path, {
      executions,
      requestedBy: 'Jane',
      ...(lateHost === undefined ? {} : { host: lateHost }),
    }),
  );
  if (lateHost !== undefined) {
    while (!(await hasCheckedTwice(workflowId))) await sleep(500);
    workers.push(await startWorker({ ...env, APLOS_UPLOAD_HOST: lateHost }, () => {}));
  }
  if (cancelWhenUploading) {
    while ((await uploads.progress(workflowId))?.step !== 'upload') await sleep(50);
    await uploads.cancel(workflowId);
  }
  const error = await result().then(
    () => undefined,
    ({ code }) => code,
  );
  if (error !== expectedError) throw new Error(`${name}: expected ${expectedError}, but got ${error}`);
  const args = [
    'workflow',
    'show',
    '--workflow-id',
    workflowId,
    '--address',
    temporal.address,
    '--output',
    'json',
  ];
  const { events } = JSON.parse(execFileSync(temporalCommand, args, { encoding: 'utf8' })) as {
    events: unknown[];
  };
  await writeFile(join(into, `${name}.json`), `${JSON.stringify(clean({ events }), null, 1)}\n`);
  console.log(`${name}: ${events.length} events`);
}

async function hasCheckedTwice(workflowId: string): Promise<boolean> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  return events?.some(({ timerFiredEventAttributes }) => timerFiredEventAttributes) ?? false;
}

function clean(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => clean(each));
  if (typeof value === 'string') {
    if (key === 'stackTrace') return '';
    if (key === 'identity') return 'recorded';
    return key === 'data' ? cleanData(value) : cleanText(value);
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, clean(each, name)]));
}

function cleanData(base64: string): string {
  const text = Buffer.from(base64, 'base64').toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return base64;
  }
  return Buffer.from(JSON.stringify(withoutFields(value))).toString('base64');
}

function withoutFields(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => withoutFields(each));
  if (key === 'fields') return Object.fromEntries(Object.keys(value).map((name) => [name, 'removed']));
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withoutFields(each, name)]));
}

function cleanText(text: string): string {
  return text
    .replaceAll(folder, '/data')
    .replaceAll(sandbox.s3Url, 'https://bucket.s3.amazonaws.com')
    .replaceAll(/\d+@[\w.-]+/g, 'recorded');
}
