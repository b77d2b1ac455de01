import { basename } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Receipt } from '../../src/contract/receipt.js';
import { Payments, SHORT_LAG } from '../support/payments.js';

describe('S3 that is away for several lives of a presigned POST', () => {
  let pay: Payments;

  beforeAll(async () => {
    pay = await Payments.open({ presignSeconds: 3 });
    await pay.world.startWorker(SHORT_LAG);
  });
  afterAll(() => pay?.world.stop());

  it('fails no upload', { timeout: 120_000, tags: ['REQ-01'] }, async () => {
    const { faults } = pay.world.sandbox;
    faults.add({ route: 'upload', times: 'always', chance: 0.5, cut: 'before' });
    faults.add({ route: 'upload', times: 'always', status: 503 });
    const paths = await Promise.all(Array.from({ length: 4 }, () => pay.file()));
    const handles = await Promise.all(paths.map((path) => pay.start(path, ['day 1'])));
    const presigns = (path: string) =>
      pay.world.sandbox.files.filter(({ fileName }) => fileName === basename(path)).length;
    await expect
      .poll(() => Math.min(...paths.map(presigns)), { timeout: 100_000, interval: 50 })
      .toBeGreaterThan(3);
    faults.clear();
    const receipts = await Promise.all(handles.map((handle) => handle.result()));
    for (const { status, presigns } of receipts) {
      expect(status).toBe(204);
      expect(presigns).toBeGreaterThan(3);
    }
    expect(paths.map((path) => pay.charged(path))).toEqual(paths.map(() => ['day 1']));
  });
});

describe('a response of Aplos', () => {
  const FILES = 12;
  let pay: Payments;

  beforeAll(async () => {
    pay = await Payments.open();
  });
  afterEach(() => pay.world.sandbox.faults.clear());
  afterAll(() => pay?.world.stop());

  /** Uploads files whose runs have all been started before a worker runs, so that one list of executions is new enough for all. */
  async function uploadMany(): Promise<Receipt[]> {
    const paths = await Promise.all(Array.from({ length: FILES }, () => pay.file()));
    const handles = await Promise.all(paths.map((path) => pay.start(path, ['day 1'])));
    const worker = await pay.world.startWorker(SHORT_LAG);
    const receipts = await Promise.all(handles.map((handle) => handle.result()));
    await worker.stop();
    expect(paths.map((path) => pay.charged(path))).toEqual(paths.map(() => ['day 1']));
    return receipts;
  }

  it('with status 429 costs one call, no search, and no call of another upload', async () => {
    const throttled = { status: 429, headers: { 'Retry-After': '3' } };
    pay.world.sandbox.faults.add({ route: 'presign', skip: 3, ...throttled });
    pay.world.sandbox.faults.add({ route: 'start', ...throttled });
    pay.world.sandbox.faults.add({ route: 'start', skip: 5, ...throttled });
    const before = { list: pay.calls('list'), presign: pay.calls('presign'), start: pay.calls('start') };
    await uploadMany();
    expect(pay.calls('presign') - before.presign).toBe(FILES + 1);
    expect(pay.calls('start') - before.start).toBe(FILES + 2);
    expect(pay.calls('list') - before.list).toBeLessThanOrEqual(FILES / 2);
  });

  it('with an unknown shape fails no file if later ones are as expected', async () => {
    for (const route of ['presign', 'list'] as const)
      pay.world.sandbox.faults.add({ route, response: 'other-shape', times: 4 });
    expect(await uploadMany()).toHaveLength(FILES);
    expect(pay.world.sandbox.faults.waiting).toEqual([]);
  });
});
