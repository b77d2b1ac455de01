import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UploadClient } from '../../src/client.js';
import { EXTEND_SIGNAL } from '../../src/contract/extension.js';
import type { Receipt } from '../../src/contract/receipt.js';
import { jsonLines } from '../support/command.js';
import { SHORT_LAG } from '../support/payments.js';
import { startWorld } from '../support/shared-world.js';
import { configuration, table } from '../support/tables.js';
import { untilListed } from '../support/until-listed.js';
import type { World } from '../support/world.js';

describe.each(['v1', 'v3'] as const)('results, in version %s of the API', (api) => {
  let world: World;
  let client: UploadClient;
  let results: string;
  const workerEnv = () => ({ ...SHORT_LAG, APLOS_UPLOAD_RESULTS_ROOTS: results });

  beforeAll(async () => {
    world = await startWorld({ api, stepMs: 50 });
    results = join(world.folder, 'results');
    await mkdir(results);
    client = await UploadClient.connect({ client: world.client });
    await world.startWorker(workerEnv());
  });
  afterAll(() => world?.stop());

  let files = 0;
  async function newFile(configurations = 1) {
    const name = `results-${++files}.csv`;
    const path = await world.write(name, table(1_000 + files));
    const configs = await Promise.all(
      Array.from({ length: configurations }, (_, index) =>
        world.write(`${index}.json`, JSON.stringify({ ...configuration, version: `2024-02-2${index}` })),
      ),
    );
    return { name, args: [path, ...configs.flatMap((config) => ['--config', config])] };
  }

  const all = async (path: string) =>
    (await readdir(path, { recursive: true, withFileTypes: true }))
      .filter((each) => each.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(path.length + 1))
      .sort();

  async function expectStored(receipt: Receipt, out: string): Promise<void> {
    for (const { executionId, label } of receipt.executions)
      expect(await readFile(join(out, receipt.fileName, `${label}.zip`))).toEqual(
        await world.sandbox.storedResults(executionId),
      );
  }

  it('are fetched by an upload under faults, each package once, and listed in the receipt', {
    tags: ['REQ-15'],
  }, async () => {
    const { name, args } = await newFile(3);
    const out = join(results, 'upload');
    for (const fault of [
      { status: 503 },
      { cut: 500 },
      { expire: 'policy' },
      { response: 'truncated' },
    ] as const)
      world.sandbox.faults.add({ route: 'results', ...fault });
    for (const route of api === 'v1' ? (['status'] as const) : (['package', 'downloadUrl'] as const))
      world.sandbox.faults.add({ route, status: 503 });

    const { stdout, stderr } = await world.run('upload', ...args, '--out', out, '--unpack', '--json');

    expect(stderr).not.toContain('✗');
    const receipt = JSON.parse(stdout) as Receipt;
    expect(receipt.executions).toMatchObject(
      ['0', '1', '2'].map((label) => ({
        label,
        packages: [
          {
            location: `file://${out}/${name}/${label}.zip`,
            inputVerified: true,
            configurationVerified: true,
          },
        ],
      })),
    );
    await expectStored(receipt, out);
    const found = await all(out);
    expect(found.filter((each) => each.endsWith('.zip'))).toHaveLength(3);
    expect(found).toContain(`${name}/0/outputs/pk-results.csv`);
    expect(found.filter((each) => each.includes('.tmp'))).toEqual([]);
  });

  it('are fetched for earlier uploads, as often as wanted', async () => {
    const { name, args } = await newFile(2);
    const batch = `batch-${api}`;
    const { stdout } = await world.run('upload', ...args, '--batch', batch, '--json');
    const receipt = JSON.parse(stdout) as Receipt;
    await client.result(receipt.workflowId);
    const out = join(results, 'afterwards');
    const fetch = (...options: string[]) => world.run('results', '--out', out, ...options);
    await expect.poll(async () => (await fetch(receipt.workflowId)).exitCode, { interval: 200 }).toBe(0);
    await untilListed(world, `AplosBatch = '${batch}'`);

    await expectStored(receipt, out);
    const again = await fetch('--batch', batch, '--json');
    expect(jsonLines(again.stdout)).toMatchObject(
      ['0', '1'].map((label) => ({ file: name, label, state: 'done', package: { inputVerified: true } })),
    );
    await rm(out, { recursive: true });
    const unpacked = await fetch(receipt.workflowId, '--unpack');
    expect(unpacked.stdout).toContain('2 packages');
    expect(await all(out)).toContain(`${name}/1/inputs/${name}`);
    const outcomes = [];
    for await (const outcome of client.results([receipt.workflowId, 'unknown'], {
      results: `file://${out}/{fileName}/{label}.zip`,
    }))
      outcomes.push(outcome);
    expect(outcomes).toMatchObject([
      { label: '0', package: {} },
      { label: '1', package: {} },
      { workflowId: 'unknown', error: { code: 'UPLOAD_UNKNOWN' } },
    ]);
  });

  it('are not written elsewhere', { tags: ['REQ-25'] }, async () => {
    const { args } = await newFile();
    const { stdout, exitCode } = await world.run(
      'upload',
      ...args,
      '--out',
      '/tmp/aplos-elsewhere',
      '--json',
    );

    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ state: 'failed', code: 'RESULTS_NOT_ALLOWED' });
  });

  /** Reports whether an upload has been asked to go further than it was at first. */
  async function isExtended(fileName: string): Promise<boolean> {
    for await (const { workflowId } of client.list({ fileName })) {
      const { events } = await world.rawClient.workflow.getHandle(workflowId).fetchHistory();
      return (events ?? []).some(
        ({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName === EXTEND_SIGNAL,
      );
    }
    return false;
  }

  it('go to each location that somebody asks for while the upload runs', async () => {
    const { name, args } = await newFile();
    world.sandbox.change({ endExecution: () => ({ status: 'running', errors: [] }) });
    const outs = ['one', 'other'].map((each) => join(results, each));
    const runs = outs.map((out) => world.run('upload', ...args, '--out', out, '--json'));
    await expect.poll(() => isExtended(name)).toBe(true);
    world.sandbox.change({ endExecution: () => undefined });
    const receipts = (await Promise.all(runs)).map(({ stdout }) => JSON.parse(stdout) as Receipt);

    for (const [index, out] of outs.entries()) await expectStored(receipts[index] as Receipt, out);
    expect(new Set(receipts.map(({ executions }) => executions[0]?.executionId)).size).toBe(1);
  });
});

describe('a worker that is killed while it fetches results', () => {
  it('leaves nothing under the final name, and the next one removes what it has left', {
    tags: ['REQ-16'],
  }, async () => {
    const world = await startWorld({ api: 'v3', stepMs: 0 });
    try {
      const results = join(world.folder, 'results');
      await mkdir(results);
      const env = { ...SHORT_LAG, APLOS_UPLOAD_RESULTS_ROOTS: results };
      const killed = await world.startWorkerProcess(env);
      const client = await UploadClient.connect({ client: world.client });
      world.sandbox.faults.add({ route: 'results', hang: true });
      const path = await world.write('killed.csv', table(1_000));
      const upload = await client.start({
        source: `file://${path}`,
        executions: [{ label: 'a', configuration }],
        results: `file://${results}/{label}.zip`,
      });
      await expect.poll(() => world.sandbox.calls.some(({ route }) => route === 'results')).toBe(true);
      killed.child.kill('SIGKILL');
      expect((await readdir(results)).filter((each) => !each.startsWith('.'))).toEqual([]);
      await world.startWorker(env);

      const receipt = await upload.result();

      expect(await readdir(results)).toEqual(['a.zip']);
      expect(receipt.steps.at(-1)).toMatchObject({ step: 'fetch', attempts: 2 });
      expect(await readFile(join(results, 'a.zip'))).toEqual(
        await world.sandbox.storedResults(receipt.executions[0]?.executionId ?? ''),
      );
      await client.close();
    } finally {
      await world.stop();
    }
  });
});
