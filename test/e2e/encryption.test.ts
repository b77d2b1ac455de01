import { randomBytes } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { Client, type WorkflowHandle } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { secretsIn } from '../../bench/chaos/secrets.js';

import { UploadClient, type UploadHandle, type UploadRequestInput } from '../../src/client.js';
import { TASK_QUEUE, WORKFLOW_TYPE } from '../../src/contract/names.js';
import { loadSettings } from '../../src/settings/load.js';
import { dataConverterFor } from '../../src/temporal/connection.js';
import { runWarmCommand } from '../support/command.js';
import { bytesOf } from '../support/history.js';
import { startWorld } from '../support/shared-world.js';
import { configuration, table } from '../support/tables.js';
import type { RunningWorker } from '../support/warm-worker.js';
import { type OwnWorld, startOwnWorld, type World } from '../support/world.js';

type Failure = temporal.api.failure.v1.IFailure;

const newKey = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const keys = (...given: string[]) => ({ APLOS_UPLOAD_ENCRYPTION_KEY: given.join(',') });
const unencrypted = { APLOS_UPLOAD_ENCRYPTION: 'off', APLOS_UPLOAD_ENCRYPTION_KEY: '' };

const connectionOf = ({ rawClient, temporal: { namespace } }: World) => ({
  connection: rawClient.connection,
  namespace,
});

function clientWith(world: World, env: Record<string, string>): Promise<UploadClient> {
  const dataConverter = dataConverterFor(loadSettings(env).encryption);
  return UploadClient.connect({
    client: new Client({ ...connectionOf(world), dataConverter }),
  });
}

async function requestFor(
  world: World,
  name: string,
  execution: { study?: string; metaData?: string } = {},
): Promise<UploadRequestInput> {
  const path = await world.write(name, table(2_000));
  const { study = 'any', metaData = 'none' } = execution;
  return {
    source: pathToFileURL(path).href,
    executions: [{ label: 'only', configuration: { ...configuration, study }, metaData }],
  };
}

const historyOf = async ({ rawClient }: World, { workflowId }: UploadHandle) =>
  rawClient.workflow.getHandle(workflowId).fetchHistory();

describe.each([
  ['on', { ...keys(newKey('k1')), APLOS_UPLOAD_ENCRYPTION: '' }],
  ['off', unencrypted],
])('the database of Temporal with encryption %s', (mode, env) => {
  const words = {
    'the configuration': 'designations of study 7',
    'the metadata': 'tracking of study 7',
    'a final failure': 'dosing amount of study 7 is wrong',
    'a failure that passed': 'cold start of study 7',
  };
  let world: OwnWorld;
  let database: Buffer;

  beforeAll(async () => {
    world = await startOwnWorld({
      refuseConfiguration: ({ study }) => (study === 'refused' ? words['a final failure'] : undefined),
    });
    await world.startWorker(env);
    const client = await clientWith(world, env);
    world.sandbox.faults.add({
      route: 'presign',
      status: 503,
      body: { message: words['a failure that passed'] },
    });
    const done = await client.start(
      await requestFor(world, 'pk.csv', {
        study: words['the configuration'],
        metaData: words['the metadata'],
      }),
    );
    await done.result();
    const refused = await client.start(await requestFor(world, 'refused.csv', { study: 'refused' }));
    await expect(refused.result()).rejects.toMatchObject({ code: 'EXECUTION_REFUSED' });
    await world.temporal.kill('SIGTERM');
    database = await world.readDatabase();
  });
  afterAll(() => world?.stop());

  it('contains the history, with readable error codes', () => {
    for (const name of ['uploadAnalysisFile', 'presignUpload', 'EXECUTION_REFUSED', 'API_UNAVAILABLE'])
      expect(database.includes(name), name).toBe(true);
  });

  it.each(Object.entries(words))(
    `${mode === 'on' ? 'hides' : 'shows'} %s`,
    { tags: ['REQ-23'] },
    (_what, text) => {
      expect(database.includes(text)).toBe(mode === 'off');
    },
  );

  it(`${mode === 'on' ? 'hides' : 'shows'} the presigned fields`, { tags: ['REQ-23'] }, () => {
    const signed = world.sandbox.files.flatMap(({ fields }) => [
      fields['x-amz-signature'] ?? '',
      fields['x-amz-credential'] ?? '',
    ]);
    expect(signed.length).toBeGreaterThan(0);
    expect([...secretsIn(database, signed)].length > 0).toBe(mode === 'off');
  });

  it('never contains the password or a login token', { tags: ['REQ-22'] }, () => {
    const { COGNITO_PASSWORD } = world.sandbox.env;
    const tokens = [...world.sandbox.secrets].filter((secret) => secret.split('.').length === 3);
    expect(tokens.length).toBeGreaterThan(0);
    expect([...secretsIn(database, [COGNITO_PASSWORD, ...tokens])]).toEqual([]);
  });
});

describe('workers with several encryption keys', () => {
  const key = newKey('right');
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      refuseConfiguration: ({ study }) => (study === 'bad' ? 'study is bad' : undefined),
    });
  });
  const workers: RunningWorker[] = [];
  const startWorker = async (env: NodeJS.ProcessEnv = {}): Promise<RunningWorker> => {
    const worker = await world.startWorker(env);
    workers.push(worker);
    return worker;
  };
  beforeEach(() => world.sandbox.faults.clear());
  afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.stop())));
  afterAll(() => world?.stop());

  /** Starts an upload whose dropped workflow tasks are retried after one second instead of ten. */
  async function startWithShortTaskTimeout(name: string): Promise<WorkflowHandle> {
    const client = new Client({
      ...connectionOf(world),
      dataConverter: dataConverterFor(loadSettings(keys(key)).encryption),
    });
    return client.workflow.start(WORKFLOW_TYPE, {
      taskQueue: TASK_QUEUE,
      workflowId: name,
      workflowTaskTimeout: '1 second',
      args: [await requestFor(world, name)],
    });
  }

  it('switch from an old key to a new one while uploads run, and complete each of them', async () => {
    const [before, after] = [newKey('2026-10'), newKey('2026-11')];
    const start = async (client: UploadClient, names: readonly string[]) =>
      Promise.all(names.map(async (name) => client.start(await requestFor(world, name))));
    // Each upload is in progress when its worker is replaced.
    world.sandbox.faults.add({ route: 'presign', delayMs: 1_000, chance: 1 });

    const first = await startWorker(keys(before));
    const early = await start(await clientWith(world, keys(before)), ['a.csv', 'b.csv']);
    const second = await startWorker(keys(before, after));
    await first.stop();
    const withBoth = await clientWith(world, keys(before, after));
    const amid = await start(withBoth, ['c.csv', 'd.csv']);
    await startWorker(keys(after, before));
    await second.stop();
    const mixed = await start(withBoth, ['e.csv']);
    const current = await clientWith(world, keys(after, before));
    const late = await start(current, ['f.csv']);

    for (const { workflowId } of [...early, ...amid, ...mixed, ...late])
      expect(await current.result(workflowId)).toMatchObject({ status: 204, executions: [{}] });
    const idsIn = async (handle: UploadHandle) => {
      const bytes = bytesOf(await historyOf(world, handle));
      return ['2026-10', '2026-11'].filter((id) => bytes.includes(id));
    };
    expect(await Promise.all(mixed.map(idsIn))).toEqual([['2026-10', '2026-11']]);
    expect(await Promise.all(late.map(idsIn))).toEqual([['2026-11']]);
  });

  const complaints = () =>
    world
      .log()
      .split('\n')
      .filter((line) => /"level":"(warn|error)"/.test(line))
      .map((line) => JSON.parse(line) as { code?: string; msg?: string });

  async function taskFailuresIn({ workflowId }: WorkflowHandle): Promise<Failure[]> {
    const { events } = await world.rawClient.workflow.getHandle(workflowId).fetchHistory();
    return (events ?? []).flatMap(({ workflowTaskFailedEventAttributes: failed }) => failed?.failure ?? []);
  }

  it.each([
    ['has another', keys(newKey('wrong')), 'this process has only "wrong"'],
    ['has none', unencrypted, 'this process has no key'],
  ])(
    'log a missing key in one line, and leave the upload to a worker that has it, if the first worker %s',
    async (what, env, words) => {
      const before = complaints().length;
      const wrong = await startWorker(env);
      const handles: WorkflowHandle[] = [];
      let failures: Failure[] = [];
      // Temporal records only how the first task ended. On a busy machine, it may have timed out.
      while (failures.length === 0) {
        const handle = await startWithShortTaskTimeout(`${what}, ${handles.length}.csv`);
        handles.push(handle);
        const attempt = async () => (await handle.describe()).raw.pendingWorkflowTask?.attempt ?? 0;
        await expect.poll(attempt).toBeGreaterThan(2);
        failures = await taskFailuresIn(handle);
      }
      await wrong.stop();
      expect(complaints().slice(before)).toMatchObject([
        { code: 'PAYLOAD_UNREADABLE', msg: expect.stringContaining(words) },
      ]);

      expect(failures).toMatchObject([
        {
          message: expect.stringContaining(words),
          applicationFailureInfo: { type: 'PAYLOAD_UNREADABLE' },
        },
      ]);

      await startWorker(keys(key));
      for (const handle of handles) await expect(handle.result()).resolves.toMatchObject({ status: 204 });
    },
  );

  describe('a client without the key', () => {
    let failed: UploadHandle;
    let done: UploadHandle;
    beforeAll(async () => {
      const worker = await startWorker();
      const client = await UploadClient.connect({ client: world.client });
      failed = await client.start(await requestFor(world, 'failed.csv', { study: 'bad' }));
      done = await client.start(await requestFor(world, 'done.csv'));
      await Promise.allSettled([failed.result(), done.result()]);
      await worker.stop();
    });

    const status = (workflowId: string, env: NodeJS.ProcessEnv = {}) =>
      runWarmCommand(['status', workflowId], { ...world.env, ...env });

    it('sees only the code of a failure, and the message once it has the key', async () => {
      const without = await status(failed.workflowId, keys(newKey('other')));
      expect(without.stdout).toContain(
        'EXECUTION_REFUSED: (The message cannot be decrypted. A payload is encrypted',
      );
      expect(without.stdout).not.toContain('study is bad');
      expect((await status(failed.workflowId)).stdout).toMatch(
        /EXECUTION_REFUSED: failed\.csv: .*study is bad/,
      );
    });

    it('names the missing key, and does not report that the upload failed', async () => {
      const client = await clientWith(world, keys(newKey('other')));
      await expect(client.result(done.workflowId)).rejects.toMatchObject({
        name: 'UploadError',
        code: 'PAYLOAD_UNREADABLE',
        happened: 'A payload is encrypted with the key "test", but this process has only "other"',
      });
    });
  });
});
