import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { UploadMonitor } from '../../src/client/upload-monitor.js';
import { UploadClient, UploadError } from '../../src/client.js';
import { loadSettings } from '../../src/settings/load.js';
import { registerSearchAttributes } from '../../src/temporal/search-attributes.js';
import { runWarmCommand } from '../support/command.js';
import { newNamespace } from '../support/shared-world.js';
import { configuration, table } from '../support/tables.js';

const { INDEXED_VALUE_TYPE_TEXT: Text } = proto.temporal.api.enums.v1.IndexedValueType;
const ID = 'default:pk.csv:1';
const request = { source: 'file:///data/pk.csv', expect: { sha256: 'a'.repeat(64) } };

async function exhaust(iterable: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of iterable);
}

/** A call of each method that calls Temporal. */
const calls: Record<string, (client: UploadClient) => Promise<unknown>> = {
  start: (client) => client.start(request),
  startMany: (client) => exhaust(client.startMany([request])),
  preview: (client) => exhaust(client.preview([{ ...request, executions: [{ configuration }] }])),
  subscription: (client) => client.subscription(),
  assertProfile: (client) => client.assertProfile('default'),
  source: (client) => client.source({ workflowId: ID, runId: randomUUID() }),
  asCompleted: (client) =>
    exhaust(
      client.asCompleted([
        { workflowId: ID, fileName: 'pk.csv', state: 'running', result: () => client.result(ID) },
      ]),
    ),
  status: (client) => client.status(ID),
  list: (client) => exhaust(client.list({ batch: 'b' })),
  listRuns: (client) => exhaust(client.listRuns({ batch: 'b' })),
  resets: (client) => client.resets({ workflowId: ID, runId: randomUUID() }),
  requestedAnalyses: (client) => client.requestedAnalyses({ workflowId: ID, runId: randomUUID() }),
  listSameContent: (client) => exhaust(client.listSameContent(request)),
  replay: (client) => exhaust(client.replay([ID])),
  progress: (client) => client.progress(ID),
  result: (client) => client.result(ID),
  hostHasWorker: (client) => client.hostHasWorker('lab-1'),
  hasWorker: (client) => client.hasWorker(),
  cancel: (client) => client.cancel(ID),
  cancelMany: (client) => exhaust(client.cancelMany([ID])),
  findStoredFile: (client) => client.findStoredFile({ fileName: 'pk.csv', sha256: '0'.repeat(64) }),
  results: (client) => exhaust(client.results([ID], { results: 'file:///results/{label}.zip' })),
  whenAvailable: (client) => client.whenAvailable(() => client.cancel(ID)),
};
/** Methods that do not call Temporal. */
const LOCAL = ['constructor', 'close', 'namespace', 'stopWaiting'];

/** Calls every method. Returns the code that each of them threw, and `none` for those that threw nothing. */
async function codesOf(client: UploadClient): Promise<Record<string, string>> {
  const codes = Object.entries(calls).map(async ([name, call]) => {
    const code = await call(client).then(
      () => 'none',
      (error: unknown) => (error instanceof UploadError ? error.code : `not an UploadError: ${error}`),
    );
    return [name, code] as const;
  });
  return Object.fromEntries(await Promise.all(codes));
}

describe('every public method of UploadClient throws an UploadError', () => {
  const settings = loadSettings({ APLOS_UPLOAD_ENCRYPTION: 'off' }, 'client');
  const all = (code: string, others: Record<string, string> = {}) => ({
    ...Object.fromEntries(Object.keys(calls).map((name) => [name, code])),
    results: 'none', // it yields each error as an outcome
    ...others,
  });
  async function clientFor(connection: Connection, namespace: string): Promise<UploadClient> {
    const client = new Client({ connection, namespace });
    return UploadClient.connect({ settings, client, outageLimitMs: 0 });
  }

  it('and has a test here', () => {
    const methods = [UploadClient, UploadMonitor].flatMap(({ prototype }) =>
      Object.getOwnPropertyNames(prototype),
    );
    expect([...Object.keys(calls), ...LOCAL].sort()).toEqual([...new Set(methods)].sort());
  });

  it('if Temporal is unavailable', async () => {
    const connection = Connection.lazy({ address: '127.0.0.1:1', interceptors: [] });
    expect(await codesOf(await clientFor(connection, 'default'))).toEqual(all('TEMPORAL_UNREACHABLE'));
    await connection.close();
    expect(await codesOf(await clientFor(connection, 'default'))).toEqual(all('TEMPORAL_UNREACHABLE'));
  });

  it('if the namespace is unknown', async () => {
    const connection = await Connection.connect({ address: inject('temporal').address });
    const client = await clientFor(connection, `unknown-${randomUUID()}`);
    expect(await codesOf(client)).toEqual(all('NAMESPACE_UNKNOWN'));
    await connection.close();
  });

  it('if search attributes are missing', async () => {
    const { address, namespace } = await newNamespace({ searchAttributes: false });
    const connection = await Connection.connect({ address });
    expect(await codesOf(await clientFor(connection, namespace))).toEqual(
      all('UPLOAD_UNKNOWN', {
        start: 'SEARCH_ATTRIBUTES_MISSING',
        startMany: 'SEARCH_ATTRIBUTES_MISSING',
        list: 'SEARCH_ATTRIBUTES_MISSING',
        listRuns: 'SEARCH_ATTRIBUTES_MISSING',
        findStoredFile: 'SEARCH_ATTRIBUTES_MISSING',
        preview: 'WORKER_MISSING',
        subscription: 'WORKER_MISSING',
        assertProfile: 'WORKER_MISSING',
        asCompleted: 'none',
        listSameContent: 'SEARCH_ATTRIBUTES_MISSING',
        status: 'none',
        replay: 'none',
        hostHasWorker: 'none',
        hasWorker: 'none',
      }),
    );
    await connection.close();
  });
});

describe('a namespace that cannot be used', () => {
  let folder: string;
  let args: string[];
  let connection: Connection;
  const run = (namespace: string, ...command: string[]) =>
    runWarmCommand(command, {
      TEMPORAL_ADDRESS: inject('temporal').address,
      TEMPORAL_NAMESPACE: namespace,
      NO_COLOR: '1',
    });

  beforeAll(async () => {
    connection = await Connection.connect({ address: inject('temporal').address });
    folder = await mkdtemp(join(tmpdir(), 'upload-'));
    const [data, config] = [join(folder, 'pk.csv'), join(folder, 'c.json')];
    await writeFile(data, table(1_000));
    await writeFile(config, JSON.stringify(configuration));
    args = ['upload', data, '--config', config];
  });
  afterAll(async () => {
    await connection?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('is named by commands if it is unknown, with the command that creates it', async () => {
    const namespace = `unknown-${randomUUID()}`;
    for (const { exitCode, stderr } of await Promise.all([
      run(namespace, ...args),
      run(namespace, 'setup'),
    ])) {
      expect(stderr).toMatch(
        new RegExp(
          `^✗ (pk\\.csv: )?NAMESPACE_UNKNOWN: Temporal at .* does not have the namespace "${namespace}"\\. .*temporal operator namespace create --namespace ${namespace}; then: aplos-upload setup\\.?\\n$`,
        ),
      );
      expect(exitCode).toBe(1);
    }
  });

  it('is named by an upload before setup, with the missing search attributes', async () => {
    const { namespace } = await newNamespace({ searchAttributes: false });
    const { exitCode, stderr } = await run(namespace, ...args);
    expect(stderr).toMatch(
      /SEARCH_ATTRIBUTES_MISSING: The namespace ".*" lacks the search attributes AplosProfile, .*Run: aplos-upload setup/,
    );
    expect(exitCode).toBe(1);
  });

  it('is reported if a search attribute has another type, by setup, doctor and upload', async () => {
    const { namespace } = await newNamespace({ searchAttributes: false });
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: { AplosBatch: Text },
    });
    const setUp = () => registerSearchAttributes(connection, namespace);
    await expect.poll(() => setUp().catch(({ code }) => code)).toBe('SEARCH_ATTRIBUTES_MISMATCHED');
    const results = await Promise.all([
      run(namespace, 'setup'),
      run(namespace, 'doctor'),
      run(namespace, ...args),
    ]);
    for (const { exitCode, stdout, stderr } of results) {
      expect(stdout + stderr).toMatch(
        /SEARCH_ATTRIBUTES_MISMATCHED: The namespace ".*" has search attributes of another type: AplosBatch is Text and should be KeywordList\. Use another namespace; or, .*temporal operator search-attribute remove --namespace .* --name AplosBatch; then: aplos-upload setup/,
      );
      expect(exitCode).toBe(1);
    }
  });
});
