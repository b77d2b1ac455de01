import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WorkerProcess } from '../../sandbox/worker-process.js';
import { requestForFile, UploadClient, type UploadHandle } from '../../src/client.js';
import type { Receipt } from '../../src/contract/receipt.js';
import { QUEUED, SHORT_LAG } from '../support/payments.js';
import { executionsFor, table } from '../support/tables.js';
import { untilRunning } from '../support/until-running.js';
import { type OwnWorld, startOwnWorld } from '../support/world.js';

const MEGABYTE = 1024 * 1024;

interface StartedUpload {
  readonly handle: UploadHandle;
  readonly path: string;
}

describe('an upload', () => {
  let world: OwnWorld;
  let client: UploadClient;
  let worker: WorkerProcess;
  let files = 0;

  beforeAll(async () => {
    world = await startOwnWorld(QUEUED);
    client = await UploadClient.connect({ client: world.client });
    worker = await world.startWorkerProcess(SHORT_LAG);
  });
  afterEach(() => world.sandbox.faults.clear());
  afterAll(() => world?.stop());

  async function start(megabytes: number, labels = ['only']): Promise<StartedUpload> {
    const path = await world.write(`file-${++files}.csv`, table(megabytes * MEGABYTE));
    const executions = executionsFor(labels);
    return { path, handle: await client.start(await requestForFile(path, { executions })) };
  }

  /** Waits until the sandbox has received more calls of this route. */
  async function untilSeen(route: string, before = 0): Promise<void> {
    await expect.poll(() => seen(route), { interval: 20 }).toBeGreaterThan(before);
  }
  const seen = (route: string) => world.sandbox.calls.filter((call) => call.route === route).length;

  async function expectDoneOnce({ handle, path }: StartedUpload, executions = 1): Promise<Receipt> {
    const receipt = await handle.result();
    const stored = await world.sandbox.storedBytes(receipt.fileId ?? '');
    expect(stored.equals(await readFile(path)), 'the stored bytes are the file').toBe(true);
    const tracking = receipt.executions.map(({ trackingId }) => trackingId);
    const charged = world.sandbox.charges.filter(({ trackingId }) => tracking.includes(trackingId ?? ''));
    expect(charged.map(({ executionId }) => executionId).sort()).toEqual(
      receipt.executions.map(({ executionId }) => executionId).sort(),
    );
    expect(charged).toHaveLength(executions);
    return receipt;
  }

  it('continues on another worker if its worker is killed while uploading, before confirming, or before the response to a start', {
    tags: ['REQ-02'],
  }, async () => {
    const { faults } = world.sandbox;
    faults.add({ route: 'upload', hang: true });
    const uploading = await start(2);
    await untilSeen('upload');
    faults.add({ route: 'start', hang: true, effect: true });
    const starting = await start(1, ['day 1', 'day 7']);
    await untilSeen('start', 1);
    faults.add({ route: 'fileState', hang: true, times: 'always' });
    const confirming = await start(1);
    await untilRunning(world.client, confirming.handle.workflowId, 'confirmUpload');

    worker.child.kill('SIGKILL');
    faults.clear();
    worker = await world.startWorkerProcess(SHORT_LAG);

    const attemptsOf = ({ steps }: Receipt) =>
      Object.fromEntries(steps.map(({ step, label, attempts }) => [label ?? step, attempts]));
    expect(attemptsOf(await expectDoneOnce(uploading))).toMatchObject({ presign: 1, upload: 2 });
    expect(attemptsOf(await expectDoneOnce(confirming))).toMatchObject({ upload: 1, confirm: 2 });
    const started = await expectDoneOnce(starting, 2);
    expect(started.executions.map(({ origin }) => origin)).toContain('found');
    expect(attemptsOf(started)).toMatchObject({ upload: 1, confirm: 1 });
  });

  it('continues after the Temporal server was killed and restarted', { tags: ['REQ-01'] }, async () => {
    world.sandbox.faults.add({ route: 'upload', delayMs: 1_500 });
    const before = seen('upload');
    const upload = await start(2);
    await untilSeen('upload', before);
    await world.temporal.kill();
    await world.temporal.restart();
    await expectDoneOnce(upload);
  });

  it('continues after S3 was killed and restarted', { tags: ['REQ-01'] }, async () => {
    const before = seen('upload');
    const upload = await start(80);
    await untilSeen('upload', before);
    await world.s3.kill();
    await world.s3.restart();
    const { steps } = await expectDoneOnce(upload);
    expect(steps.find(({ step }) => step === 'upload')?.attempts).toBeGreaterThan(1);
  });

  it('continues immediately on another worker if its worker is stopped', async () => {
    world.sandbox.faults.add({ route: 'upload', hang: true });
    const before = seen('upload');
    const draining = await world.startWorkerProcess({ ...SHORT_LAG, APLOS_UPLOAD_SHUTDOWN_GRACE: '1' });
    await worker.stop();
    const upload = await start(1);
    await untilSeen('upload', before);
    draining.child.kill('SIGTERM');
    worker = await world.startWorkerProcess(SHORT_LAG);
    const receipt = await expectDoneOnce(upload);
    expect(receipt.steps.find(({ step }) => step === 'upload')?.attempts).toBe(2);
    await expect.poll(() => draining.child.exitCode).toBe(0);
  });

  it('closes the connection immediately if it is cancelled, and stores and starts nothing', async () => {
    const charges = world.sandbox.charges.length;
    world.sandbox.faults.add({ route: 'upload', hang: MEGABYTE });
    const before = seen('upload');
    const { handle } = await start(8);
    await untilSeen('upload', before);
    await client.cancel(handle.workflowId);
    await expect(handle.result()).rejects.toMatchObject({ code: 'CANCELLED' });
    const file = world.sandbox.files.at(-1);
    expect(file?.uploads.map(({ status }) => status)).toEqual([0]);
    await expect(world.sandbox.storedBytes(file?.fileId ?? '')).rejects.toThrow();
    expect(world.sandbox.charges).toHaveLength(charges);
  });

  it('ends as cancelled, not as failed, if it is cancelled during a call that then fails', async () => {
    world.sandbox.faults.add({ route: 'presign', delayMs: 1_500, status: 503 });
    const before = seen('presign');
    const { handle } = await start(1);
    await untilSeen('presign', before);
    await client.cancel(handle.workflowId);
    await expect(handle.result()).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
