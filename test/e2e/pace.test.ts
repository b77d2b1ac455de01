import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { UploadClient, UploadHandle } from '../../src/client.js';
import { requestForFile } from '../../src/client.js';
import { currentDetailsOf } from '../support/outcome.js';
import { Payments, SHORT_LAG } from '../support/payments.js';
import { configuration, executionsFor } from '../support/tables.js';

const FILES = 30;

describe('a batch of 30 files at an Aplos that takes 2 executions at a time', { tags: ['REQ-14'] }, () => {
  let pay: Payments;
  let client: UploadClient;
  let uploads: UploadHandle[];

  beforeAll(async () => {
    pay = await Payments.open({ api: 'v3', maxConcurrent: 2, maxQueued: 0, stepMs: 400 });
    client = pay.client;
    await pay.world.startWorker({ ...SHORT_LAG, APLOS_API_VERSION: 'v3' });
    pay.world.sandbox.change({ maxConcurrent: 0 });
    const requests = await Promise.all(
      Array.from({ length: FILES }, async (_, index) =>
        requestForFile(await pay.file(), {
          executions: executionsFor([`batch ${index}`]),
          batch: 'study-7',
        }),
      ),
    );
    uploads = [];
    for await (const upload of client.startMany(requests)) uploads.push(upload);
  });
  afterAll(() => pay?.world.stop());

  it('waits, and status and the details of the run say why', async () => {
    const { workflowId } = uploads[0] ?? expect.fail('There is no upload');
    await vi.waitFor(
      async () => {
        const status = await client.status(workflowId);
        expect(status?.pending[0]?.lastFailure?.code).toBe('EXECUTIONS_LIMITED');
        expect(status?.errorCode).toBe('EXECUTIONS_LIMITED');
      },
      { timeout: 90_000, interval: 200 },
    );
    const { stdout } = await pay.world.run('status', workflowId);
    expect(stdout).toMatch(/waiting for Aplos|starting/);
    expect(await currentDetailsOf(pay.world.client.workflow.getHandle(workflowId))).toContain(
      '**Waiting for Aplos**',
    );
  });

  it('lets a single upload start next', { timeout: 300_000 }, async () => {
    const single = await pay.start(await pay.file(), ['single']);
    await expect
      .poll(async () => (await client.status(single.workflowId))?.pending[0]?.lastFailure?.code)
      .toBe('EXECUTIONS_LIMITED');
    const refused = () =>
      pay.world.sandbox.calls.filter(({ route, status }) => route === 'start' && status === 429).length;
    const before = refused();
    await expect.poll(refused, { timeout: 240_000 }).toBeGreaterThan(before);
    expect(pay.world.sandbox.charges).toHaveLength(0);
    pay.world.sandbox.change({ maxConcurrent: 2 }); // in the pause after a start was refused
    await single.result();
    const [first] = pay.world.sandbox.charges;
    expect(first?.configuration.analysis).toBe('single');
  });

  it('is done without a failure, each once, with fewer than two refused starts for each', {
    timeout: 300_000,
  }, async () => {
    const receipts = await Promise.all(uploads.map((upload) => upload.result()));
    expect(receipts).toHaveLength(FILES);
    expect(pay.world.sandbox.charges).toHaveLength(FILES + 1);
    expect(pay.calls('start')).toBeLessThan(3 * (FILES + 1));
  });
});

describe('a batch that the subscription cannot pay', () => {
  let pay: Payments;
  let config: string;
  let files: string[];

  beforeAll(async () => {
    pay = await Payments.open({ allocation: 3 });
    await pay.world.startWorker(SHORT_LAG);
    config = await pay.world.write('day-1.json', JSON.stringify(configuration));
    files = await Promise.all(Array.from({ length: 4 }, () => pay.file()));
  });
  afterAll(() => pay?.world.stop());

  const upload = (paths: readonly string[], ...options: readonly string[]) =>
    pay.world.run('upload', ...paths, '--config', config, '--wait', ...options);

  it('is not started', async () => {
    const { exitCode, stderr } = await upload(files);
    expect(stderr).toContain('The subscription has 3 of 3 executions left.');
    expect(stderr).toContain(
      'ALLOCATION_TOO_SMALL: The subscription has 3 executions left, but 4 new analyses would be started. Nothing was started.',
    );
    expect(exitCode).toBe(2);
    expect(pay.world.sandbox.files).toEqual([]);
  });

  it('is started if Aplos already has enough of its analyses', async () => {
    expect((await upload(files.slice(0, 2))).exitCode).toBe(0);
    expect((await upload(files.slice(0, 3), '--batch', 'again')).exitCode).toBe(0);
    expect(pay.world.sandbox.charges).toHaveLength(3);
  });

  it('is started with --yes', async () => {
    const { exitCode, stderr } = await upload(files, '--yes', '--batch', 'more');
    expect(stderr).toContain('The subscription has no executions left, but 1 new analysis would be started.');
    expect(stderr).toContain('ALLOCATION_EXHAUSTED');
    expect(exitCode).toBe(1);
  });
});
