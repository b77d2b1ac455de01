import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { objectStoreClient } from '../../sandbox/object-store.js';
import { newBucket } from '../support/bucket.js';
import { jsonLines } from '../support/command.js';
import { SHORT_LAG } from '../support/payments.js';
import { startWorld } from '../support/shared-world.js';
import { configuration, table } from '../support/tables.js';
import type { World } from '../support/world.js';

/** The parts of a record that this test compares: it reads the files as any other program would. */
interface Written {
  readonly file: string;
  readonly fileSha256: string;
  readonly runId: string;
  readonly state: string;
  readonly fileName?: string;
  readonly bucket?: string;
  readonly key?: string;
  readonly sha256?: string;
  readonly batches: readonly string[];
  readonly executions: readonly { readonly executionId: string; readonly packages?: unknown }[];
  readonly error?: { readonly code: string };
  readonly resets?: readonly { readonly runId: string; readonly reason: string }[];
  readonly repeatOf?: string;
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Returns the predicate of a signed record. */
function predicateIn(bytes: Buffer): Record<string, unknown> {
  const { payload } = JSON.parse(bytes.toString()) as { payload: string };
  const statement = JSON.parse(Buffer.from(payload, 'base64').toString()) as {
    predicate: Record<string, unknown>;
  };
  return statement.predicate;
}

describe('records that workers write', () => {
  let world: World;
  let records: string;
  let out: string;
  let publicKey: string;
  let config: string;

  beforeAll(async () => {
    world = await startWorld();
    records = join(world.folder, 'records');
    out = join(world.folder, 'reports');
    await mkdir(records);
    const keys = generateKeyPairSync('ed25519');
    const pem = { format: 'pem' } as const;
    const key = await world.write('key.pem', keys.privateKey.export({ type: 'pkcs8', ...pem }).toString());
    await chmod(key, 0o600);
    publicKey = await world.write('public.pem', keys.publicKey.export({ type: 'spki', ...pem }).toString());
    config = await world.write('pk.json', JSON.stringify(configuration));
    world.env.APLOS_UPLOAD_RECORDS = records;
    world.env.APLOS_UPLOAD_SIGNING_KEY_FILE = key;
    await world.startWorker(SHORT_LAG);
  });
  afterAll(() => world?.stop());

  const upload = async (path: string, batch: string, ...more: string[]) => {
    const { stdout } = await world.run(
      'upload',
      path,
      '--config',
      config,
      '--batch',
      batch,
      '--json',
      ...more,
    );
    return jsonLines<{ workflowId: string; runId?: string; state: string; code?: string }>(stdout)[0];
  };

  async function written(): Promise<Written[]> {
    const names = (await readdir(records)).filter((name) => !name.startsWith('.'));
    return Promise.all(
      names.map(async (file) => {
        const bytes = await readFile(join(records, file));
        return {
          file,
          fileSha256: sha256(bytes),
          state: 'done',
          ...predicateIn(bytes),
        } as unknown as Written;
      }),
    );
  }

  async function closedRuns(): Promise<string[]> {
    const runs: string[] = [];
    const query = "WorkflowType = 'uploadAnalysisFile' AND ExecutionStatus != 'Running'";
    for await (const { runId } of world.rawClient.workflow.list({ query })) runs.push(runId);
    return runs.sort();
  }

  const ledger = async (): Promise<{ executionId: string; fileId: string }[]> =>
    (
      (await (await fetch(`${world.sandbox.apiUrl}/_sandbox/ledger`)).json()) as {
        charges: { executionId: string; fileId: string }[];
      }
    ).charges;

  it('agree with the ledger of Aplos, the store and Temporal, after replays, repeats and failures', {
    tags: ['REQ-21', 'REQ-31'],
  }, async () => {
    const [done, twice, letter] = await Promise.all([
      world.write('done.csv', table(1_000)),
      world.write('twice.csv', table(1_001)),
      world.write('letter.csv', 'Dear Sir or Madam'),
    ]);
    await upload(done, 'study-1');
    await upload(done, 'study-2');
    expect(await upload(letter, 'study-1')).toMatchObject({ state: 'failed' });
    world.sandbox.faults.add({ route: 'start', status: 400, skip: 1 });
    const second = await world.write('pk-2.json', JSON.stringify({ ...configuration, version: '2' }));
    const failed = await upload(twice, 'study-1', '--config', second);
    expect(failed).toMatchObject({ state: 'failed', code: 'EXECUTION_REFUSED' });
    world.sandbox.faults.clear();
    const reason = 'the plan was corrected';
    await world.run('replay', failed?.workflowId ?? '', '--all', '--reason', reason, '--yes');
    await world.run('upload', twice, '--config', config, '--config', second, '--batch', 'study-1', '--json');
    await startInvalid(world);

    const all = await written();
    const charges = await ledger();
    const store = objectStoreClient(inject('s3'));
    // Temporal's list lags a little.
    await expect.poll(closedRuns).toEqual(all.map(({ runId }) => runId).sort());
    expect(
      all.map(({ fileName, state, error }) => `${fileName} ${state} ${error?.code ?? ''}`.trim()).sort(),
    ).toEqual([
      'done.csv done',
      'done.csv done',
      'letter.csv failed FILE_INVALID',
      'twice.csv done',
      'twice.csv failed EXECUTION_REFUSED',
      'undefined failed REQUEST_INVALID',
    ]);
    const executions = new Set(all.flatMap((each) => each.executions.map(({ executionId }) => executionId)));
    expect([...executions].sort()).toEqual(charges.map(({ executionId }) => executionId).sort());
    for (const { state, bucket, key, sha256: expected } of all.filter((each) => each.state === 'done')) {
      const object = await store.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      expect(sha256((await object.Body?.transformToByteArray()) ?? Buffer.of()), state).toBe(expected);
    }
    const replayed = all.find(({ resets }) => resets);
    const before = all.find(({ error }) => error?.code === 'EXECUTION_REFUSED');
    expect(replayed).toMatchObject({
      fileName: 'twice.csv',
      state: 'done',
      resets: [{ runId: before?.runId, reason: expect.stringContaining(`: ${reason}`) }],
    });
    const [first, repeat] = ['study-1', 'study-2'].map((batch) =>
      all.find(({ fileName, batches }) => fileName === 'done.csv' && batches.includes(batch)),
    );
    expect(repeat?.repeatOf).toBe(first?.runId);
  });

  it('are named by the signed report of their batch, those of failed and replayed runs included', {
    tags: ['REQ-21'],
  }, async () => {
    const { stderr, exitCode } = await world.run('report', '--batch', 'study-1', '--out', out);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: expect.stringMatching(/^3 uploads: 2 done, 1 failed\. Signed with the key [0-9a-f]{16}\.\n$/),
    });
    const report = predicateIn(await readFile(join(out, 'study-1.report.json'))) as {
      totals: { executionsStarted: number };
      uploads: { record?: Named; earlierRuns?: { record?: Named }[] }[];
    };
    type Named = { file: string; sha256: string };
    const named = report.uploads.flatMap(({ record, earlierRuns = [] }) => [
      record,
      ...earlierRuns.map((run) => run.record),
    ]);
    const expected = (await written()).filter(({ batches }) => batches.includes('study-1'));
    const pairs = (each: readonly (Named | undefined)[]) =>
      each.map((one) => `${one?.file} ${one?.sha256}`).sort();
    expect(pairs(named)).toEqual(
      pairs(expected.map(({ file, fileSha256 }) => ({ file, sha256: fileSha256 }))),
    );
    expect(report.totals.executionsStarted).toBe((await ledger()).length);
    expect(await world.run('verify', out, '--key', publicKey)).toMatchObject({
      exitCode: 0,
      stdout: '✓ study-1.report.json: 4 records named, none missing or changed.\n',
    });
  });

  it('are written again for a run that a reset created after the record of the run before', async () => {
    const path = await world.write('reset.csv', table(1_003));
    const { workflowId = '', runId = '' } = (await upload(path, 'study-3')) ?? {};
    const handle = world.rawClient.workflow.getHandle(workflowId);
    const { events } = await handle.fetchHistory();
    const last = events?.findLast((event) => event.workflowTaskCompletedEventAttributes)?.eventId;
    const reset = await world.rawClient.workflowService.resetWorkflowExecution({
      namespace: world.temporal.namespace,
      workflowExecution: { workflowId, runId },
      reason: 'by hand',
      requestId: randomUUID(),
      workflowTaskFinishEventId: last ?? null,
    });
    await world.client.workflow.getHandle(workflowId).result();
    const own = (await written()).filter(({ fileName }) => fileName === 'reset.csv');
    expect(own.map((each) => each.runId).sort()).toEqual([runId, reset.runId].sort());
    expect(own.find((each) => each.runId === reset.runId)?.resets).toMatchObject([
      { runId, reason: 'by hand' },
    ]);
  });

  it('are missed by verify if one is gone, from the copies and from the originals', {
    tags: ['REQ-20'],
  }, async () => {
    const report = join(out, 'study-1.report.json');
    const original = () => world.run('verify', records, '--report', report, '--key', publicKey);
    expect(await original()).toMatchObject({ exitCode: 0 });
    const failed = (await written()).find(({ error }) => error?.code === 'EXECUTION_REFUSED')?.file ?? '';
    await rm(join(records, failed));
    await rm(join(out, failed));
    for (const verified of [await original(), await world.run('verify', out, '--key', publicKey)])
      expect(verified).toMatchObject({
        exitCode: 1,
        stdout: `✗ ${failed} is missing: it is a record of twice.csv.\n`,
      });
    const { stderr } = await world.run('report', '--batch', 'study-1', '--out', out);
    expect(stderr).toMatch(/has no record of 1 run:\n {2}twice\.csv, failed \(run [0-9a-f-]{36}\)\n$/);
  });
});

describe('records in a bucket', () => {
  it('are written by workers, named by a report, and verified where they are', async () => {
    const [world, s3] = [await startWorld(), await newBucket()];
    onTestFinished(() => world.stop());
    Object.assign(world.env, {
      APLOS_UPLOAD_RECORDS: `s3://${s3.bucket}/records/`,
      AWS_ENDPOINT_URL_S3: s3.endpoint,
      AWS_REGION: s3.region,
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    });
    await world.startWorker(SHORT_LAG);
    const [csv, config, out] = [
      await world.write('pk.csv', table(1_000)),
      await world.write('pk.json', JSON.stringify(configuration)),
      join(world.folder, 'out'),
    ];
    await world.run('upload', csv, '--config', config, '--batch', 'b', '--json');
    const reported = await world.run('report', '--batch', 'b', '--out', out);
    expect(reported.stderr).toMatch(/^1 upload: 1 done\. Not signed.*\n$/);
    const checks = await world.run('doctor');
    expect(checks.stdout).toContain(
      `Records: s3://${s3.bucket}/records/, a bucket without Object Lock, so records can be deleted; not signed`,
    );
    const report = join(out, 'b.report.json');
    const verify = ['verify', `s3://${s3.bucket}/records/`, '--report', report, '--allow-unsigned'];
    expect(await world.run(...verify)).toMatchObject({
      exitCode: 0,
      stdout: '✓ b.report.json: 1 record named, none missing or changed.\n',
    });
    const [name = ''] = (await readdir(out)).filter((each) => each.endsWith('.receipt.json'));
    const one = await world.run('verify', `s3://${s3.bucket}/records/${name}`, csv, '--allow-unsigned');
    expect(one).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('is the file that was uploaded'),
    });
  });
});

/** Starts an upload whose request is not valid, and waits for its end. */
async function startInvalid({ rawClient }: World): Promise<void> {
  const options = { taskQueue: 'aplos-upload', workflowId: `invalid-${randomUUID()}`, args: [{ source: 7 }] };
  await rawClient.workflow.execute('uploadAnalysisFile', options).catch(() => {});
}
