import { readFile } from 'node:fs/promises';
import proto from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ReplayOptions, requestForFile, UploadClient } from '../../src/client.js';
import type { Receipt } from '../../src/contract/receipt.js';
import { SHORT_LAG } from '../support/payments.js';
import { startWorld } from '../support/shared-world.js';
import { executionsFor, table } from '../support/tables.js';
import type { World } from '../support/world.js';

const { RESET_REAPPLY_TYPE_NONE } = proto.temporal.api.enums.v1.ResetReapplyType;

describe("Temporal's Reset of a run", () => {
  let world: World;
  let client: UploadClient;
  let files = 0;

  beforeAll(async () => {
    world = await startWorld();
    client = await UploadClient.connect({ client: world.client });
    await world.startWorker(SHORT_LAG);
  });
  afterAll(() => world?.stop());

  async function start(labels: string[]) {
    const path = await world.write(`reset-${++files}.csv`, table(10_000));
    const executions = executionsFor(labels);
    return { path, handle: await client.start(await requestForFile(path, { executions })) };
  }

  /** Resets a run to just before an activity was scheduled. Earlier steps are kept. */
  async function resetTo(activity: string, workflowId: string): Promise<void> {
    const handle = world.rawClient.workflow.getHandle(workflowId);
    const { runId } = await handle.describe();
    const { events } = await handle.fetchHistory();
    const scheduled = events
      ?.map((event) => event.activityTaskScheduledEventAttributes)
      .find((attributes) => attributes?.activityType?.name === activity);
    await world.rawClient.workflowService.resetWorkflowExecution({
      namespace: world.temporal.namespace,
      workflowExecution: { workflowId, runId },
      reason: 'replay',
      requestId: `${workflowId} ${activity} ${runId}`,
      resetReapplyType: RESET_REAPPLY_TYPE_NONE,
      workflowTaskFinishEventId: scheduled?.workflowTaskCompletedEventId ?? null,
    });
  }

  const chargesOf = (fileId: string | undefined) =>
    world.sandbox.charges.filter((charge) => charge.fileId === fileId);

  it('to a completed start finds the existing execution, and starts no second one', async () => {
    const { handle } = await start(['only']);
    const before = await handle.result();
    await resetTo('startExecution', handle.workflowId);
    const after = await client.result(handle.workflowId);
    expect(after.runId).not.toBe(before.runId);
    expect(after.executions).toEqual([
      { ...before.executions[0], status: expect.any(String), origin: 'found' },
    ]);
    expect(chargesOf(before.fileId)).toHaveLength(1);
  });

  it('to the failed step keeps the upload, and starts only the missing executions', {
    tags: ['REQ-03'],
  }, async () => {
    world.sandbox.faults.add({ route: 'start', status: 400, skip: 1 });
    const { handle, path } = await start(['day 1', 'day 7']);
    await expect(handle.result()).rejects.toMatchObject({ code: 'EXECUTION_REFUSED' });
    const { stdout } = await world.run('status', handle.workflowId);
    expect(stdout).toMatch(/^reset-\d\.csv +failed /m);
    expect(stdout).toMatch(/^ {2}EXECUTION_REFUSED: reset-\d\.csv: Cannot start an execution/m);
    const uploads = world.sandbox.files.length;

    await resetTo('startExecution', handle.workflowId);
    const receipt: Receipt = await client.result(handle.workflowId);
    expect(receipt.executions.map(({ origin }) => origin).sort()).toEqual(['found', 'started']);
    expect(chargesOf(receipt.fileId)).toHaveLength(2);
    expect(world.sandbox.files).toHaveLength(uploads);
    expect(await world.sandbox.storedBytes(receipt.fileId ?? '')).toEqual(await readFile(path));
  });

  it('is not required: repeating the command runs a failed upload again, and starts nothing twice', async () => {
    world.sandbox.faults.add({ route: 'start', status: 400, skip: 1 });
    const { handle, path } = await start(['day 1', 'day 7']);
    await expect(handle.result()).rejects.toMatchObject({ code: 'EXECUTION_REFUSED' });
    const charges = world.sandbox.charges.length;

    const executions = executionsFor(['day 1', 'day 7']);
    const again = await client.start(await requestForFile(path, { executions }));
    expect(again).toMatchObject({ workflowId: handle.workflowId, state: 'started' });
    const receipt = await again.result();
    expect(receipt.executions.map(({ origin }) => origin).sort()).toEqual(['found', 'started']);
    expect(world.sandbox.charges).toHaveLength(charges + 1);
  });

  describe('by a replay', () => {
    const outcomesOf = async (workflowId: string, options: ReplayOptions = { all: true }) => {
      const outcomes = [];
      for await (const outcome of client.replay([workflowId], options)) outcomes.push(outcome);
      return outcomes;
    };
    const refused = async () => {
      world.sandbox.faults.add({ route: 'start', status: 400 });
      const { handle } = await start(['only']);
      await expect(handle.result()).rejects.toMatchObject({ code: 'EXECUTION_REFUSED' });
      return handle;
    };

    it('from the presign uploads the file again', async () => {
      const { workflowId } = await refused();
      const files = world.sandbox.files.length;
      expect(await outcomesOf(workflowId, { from: 'presign' })).toEqual([
        expect.objectContaining({ state: 'resumed', from: 'presignUpload', errorCode: 'EXECUTION_REFUSED' }),
      ]);
      const receipt = await client.result(workflowId);
      expect(world.sandbox.files).toHaveLength(files + 1);
      expect(receipt.fileId).toBe(world.sandbox.files.at(-1)?.fileId);
      expect(chargesOf(receipt.fileId)).toHaveLength(1);
    });

    it('from two clients at once starts nothing twice', async () => {
      const { workflowId } = await refused();
      await Promise.all([outcomesOf(workflowId), outcomesOf(workflowId)]);
      expect(chargesOf((await client.result(workflowId)).fileId)).toHaveLength(1);
    });

    it('from the start skips runs that had not reached that step', async () => {
      world.sandbox.faults.add({ route: 'presign', status: 400 });
      const { handle } = await start(['only']);
      await expect(handle.result()).rejects.toMatchObject({ code: 'API_REFUSED' });
      expect(await outcomesOf(handle.workflowId, { from: 'start' })).toEqual([
        expect.objectContaining({ state: 'skipped', reason: 'no-start' }),
      ]);
      await outcomesOf(handle.workflowId);
      expect((await client.result(handle.workflowId)).executions).toHaveLength(1);
    });

    it('continues a cancelled upload', { tags: ['REQ-03'] }, async () => {
      world.sandbox.faults.add({ route: 'upload', hang: true });
      const { handle } = await start(['only']);
      await expect.poll(() => world.sandbox.faults.waiting).toEqual([]); // the call hangs
      await client.cancel(handle.workflowId);
      await expect(handle.result()).rejects.toMatchObject({ code: 'CANCELLED' });
      expect(await outcomesOf(handle.workflowId)).toEqual([
        expect.objectContaining({ state: 'resumed', from: 'uploadFile' }),
      ]);
      expect((await client.result(handle.workflowId)).executions).toHaveLength(1);
    });

    it('is refused if the request was invalid', async () => {
      const handle = await world.client.workflow.start('uploadAnalysisFile', {
        taskQueue: 'aplos-upload',
        workflowId: 'bad',
        args: [{ source: 7 }],
      });
      await expect(handle.result()).rejects.toThrow();
      expect(await outcomesOf('bad')).toEqual([
        expect.objectContaining({ state: 'skipped', reason: 'no-step-failed' }),
      ]);
    });
  });
});
