import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import proto from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requestForFile, UploadClient, type UploadSummary } from '../../src/client.js';
import type { Receipt } from '../../src/contract/receipt.js';
import type { UploadRequestInput } from '../../src/contract/request.js';
import { SHORT_LAG } from '../support/payments.js';
import { startWorld } from '../support/shared-world.js';
import { configuration, smallTable, table } from '../support/tables.js';
import type { World } from '../support/world.js';

const { COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION } = proto.temporal.api.enums.v1.CommandType;

describe('the same file asked for in several batches', () => {
  let world: World;
  let client: UploadClient;
  let config: string;
  let files = 0;

  beforeAll(async () => {
    world = await startWorld();
    client = await UploadClient.connect({ client: world.client });
    config = await world.write('day-1.json', JSON.stringify(configuration));
    await world.startWorker(SHORT_LAG);
  });
  afterAll(() => world?.stop());

  /** Writes a file, and returns functions that ask for it in a batch, by the command and by the library. */
  async function newFile() {
    const name = `batches-${++files}`;
    const path = await world.write(`${name}.csv`, table(1_000));
    const [one, two, three] = ['one', 'two', 'three'].map((batch) => `${name} ${batch}`) as [
      string,
      string,
      string,
    ];
    const upload = (batch: string, ...options: string[]) =>
      world.run('upload', path, '--config', config, '--batch', batch, ...options);
    const start = async (rest: Partial<UploadRequestInput>) =>
      client.start(await requestForFile(path, { executions: [{ label: 'day-1', configuration }], ...rest }));
    const receiptIn = async (batch: string) => (await start({ batch })).result();
    const stored = () =>
      world.sandbox.files
        .filter(({ fileName }) => fileName === `${name}.csv`)
        .flatMap(({ uploads }) => uploads.filter(({ status }) => status === 204));
    const charges = () => {
      const ids = world.sandbox.files.filter((each) => each.fileName === `${name}.csv`);
      return world.sandbox.charges.filter(({ fileId }) => ids.some((each) => each.fileId === fileId));
    };
    return { name, one, two, three, upload, receiptIn, start, stored, charges };
  }

  async function listed(batch: string): Promise<UploadSummary[]> {
    const uploads = [];
    for await (const upload of client.list({ batch })) uploads.push(upload);
    return uploads;
  }

  const statesIn = async (batch: string) => (await listed(batch)).map(({ state }) => state);

  describe('after it was done in another batch', () => {
    it('is done in one step in the new batch, without a second charge or upload', {
      tags: ['REQ-11'],
    }, async () => {
      const { name, one, two, upload, receiptIn, stored, charges } = await newFile();
      const first = await receiptIn(one);
      const second = JSON.parse((await upload(two, '--json')).stdout) as Receipt;

      expect(charges()).toHaveLength(1);
      expect(stored()).toHaveLength(1);
      expect(second).toMatchObject({
        workflowId: first.workflowId,
        repeatOf: first.runId,
        fileId: first.fileId,
        sha256: first.sha256,
        batches: [two],
        executions: [{ executionId: first.executions[0]?.executionId, origin: 'found' }],
      });
      expect(second.runId).not.toBe(first.runId);
      expect(second.steps.map(({ step }) => step)).toEqual(['presign', 'upload', 'confirm', 'start', 'find']);
      for (const batch of [one, two]) await expect.poll(() => statesIn(batch)).toEqual(['done']);
      const { stdout } = await world.run('status', '--batch', two);
      expect(stdout).toMatch(new RegExp(`^${name}\\.csv +done `, 'm'));
      expect(stdout).toContain(`execution ${first.executions[0]?.executionId}`);
      expect(second.steps.at(-1)?.attempts).toBe(1);
    });

    it('joins if the same command is repeated, and returns the receipt of that batch', async () => {
      const { one, two, upload, start, receiptIn } = await newFile();
      const receipts = [await receiptIn(one), await receiptIn(two)];
      for (const [index, batch] of [one, two].entries()) {
        await expect.poll(() => statesIn(batch)).toEqual(['done']);
        const again = await start({ batch });
        expect(again.state).toBe('done');
        expect(await again.result()).toEqual(receipts[index]);
      }
      expect((await upload(two)).stdout).toContain(': already done, ');
    });

    it('is waited for, and shown with where the work was done', async () => {
      const { one, two, upload, receiptIn } = await newFile();
      const { runId } = await receiptIn(one);
      const { stdout, exitCode } = await upload(two, '--wait');
      expect(exitCode).toBe(0);
      expect(stdout).toContain(`done by   run ${runId}; Aplos still has it, so nothing was sent`);
    });

    it('joins the work that was done if it is asked for without a batch', async () => {
      const { one, start } = await newFile();
      const first = await start({ batch: one });
      const receipt = await first.result();
      const again = await start({});
      expect(again).toMatchObject({ state: 'done', runId: first.runId });
      expect(await again.result()).toEqual(receipt);
    });

    it('counts for a first batch if it had none', async () => {
      const { one, start } = await newFile();
      const first = await (await start({})).result();
      const again = await start({ batch: one });
      expect(again.state).toBe('repeated');
      const second = await again.result();
      expect(second).toMatchObject({ repeatOf: first.runId, batches: [one] });
    });

    it('is found and not charged again if Temporal has deleted everything', async () => {
      const { one, two, three, receiptIn, charges } = await newFile();
      const receipts = [await receiptIn(one), await receiptIn(two)];
      for (const { workflowId, runId } of receipts)
        await world.client.workflowService.deleteWorkflowExecution({
          namespace: world.temporal.namespace,
          workflowExecution: { workflowId, runId },
        });
      const exists = ({ workflowId, runId }: Receipt) =>
        world.client.workflow
          .getHandle(workflowId, runId)
          .describe()
          .then(
            () => true,
            () => false,
          );
      await expect.poll(() => Promise.all(receipts.map(exists))).toEqual([false, false]);

      const third = await receiptIn(three);
      expect(third).toMatchObject({
        batches: [three],
        executions: [{ executionId: receipts[0]?.executions[0]?.executionId, origin: 'found' }],
      });
      expect(third).not.toHaveProperty('repeatOf');
      expect(charges()).toHaveLength(1);
    }, 150_000);
  });

  describe('after somebody without the key has completed a workflow with its id', () => {
    /** Runs a workflow as somebody who may use Temporal, but has no key. */
    async function completeWithoutKey(workflowId: string, payload: Payload) {
      const { workflowService } = world.rawClient;
      const { namespace } = world.temporal;
      const taskQueue = { name: workflowId };
      await workflowService.startWorkflowExecution({
        namespace,
        workflowId,
        requestId: `${workflowId} ${files}`,
        workflowType: { name: 'uploadAnalysisFile' },
        taskQueue,
      });
      const { taskToken } = await world.rawClient.withDeadline(Date.now() + 30_000, () =>
        workflowService.pollWorkflowTaskQueue({ namespace, taskQueue }),
      );
      await workflowService.respondWorkflowTaskCompleted({
        namespace,
        taskToken,
        commands: [
          {
            commandType: COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
            completeWorkflowExecutionCommandAttributes: { result: { payloads: [payload] } },
          },
        ],
      });
    }

    it.each<[what: string, payload: (receipt: Receipt) => Payload]>([
      ['an unencrypted receipt', (receipt) => defaultPayloadConverter.toPayload(receipt) as Payload],
      [
        'a malformed one',
        () => ({ metadata: { encoding: Buffer.from('x/y') }, data: Buffer.from('{') }) as Payload,
      ],
    ])('does the work and ignores the result if that is %s', async (_what, payload) => {
      const { one, two, start, charges } = await newFile();
      const { workflowId, result } = await start({ batch: one });
      const receipt = await result();
      await completeWithoutKey(workflowId, payload({ ...receipt, md5: 'forged' }));

      const again = await start({ batch: two });
      expect(again.state).toBe('repeated');
      const repeated = await again.result();
      expect(repeated).toMatchObject({ md5: receipt.md5, executions: [{ origin: 'found' }] });
      expect(repeated).not.toHaveProperty('repeatOf');
      expect(charges()).toHaveLength(1);
    });
  });

  it('counts for both batches if it is asked for again while it is running', async () => {
    const { one, two, start, stored, charges } = await newFile();
    const { faults } = world.sandbox;
    faults.add({ route: 'presign', status: 503, times: 'always' });
    const first = await start({ batch: one });
    const second = await start({ batch: two });
    expect(second).toMatchObject({ state: 'running', runId: first.runId });
    await expect.poll(() => statesIn(two)).toEqual(['running']);
    await expect.poll(() => statesIn(one)).toEqual(['running']);
    faults.clear();
    expect((await second.result()).batches).toEqual([one, two]);
    for (const batch of [one, two]) await expect.poll(() => statesIn(batch)).toEqual(['done']);
    expect(await start({ batch: two })).toMatchObject({ state: 'done', runId: first.runId });
    expect(stored()).toHaveLength(1);
    expect(charges()).toHaveLength(1);
  });

  it('shows its latest state in each batch if it failed in one of them', async () => {
    const { one, two, start, charges } = await newFile();
    world.sandbox.faults.add({ route: 'start', status: 400 });
    const first = await start({ batch: one });
    await expect(first.result()).rejects.toMatchObject({ code: 'EXECUTION_REFUSED' });
    await expect.poll(() => statesIn(one)).toEqual(['failed']);

    const second = await start({ batch: two });
    expect(second).toMatchObject({ state: 'started', workflowId: first.workflowId });
    expect(await second.result()).toMatchObject({ batches: [two, one], executions: [{ origin: 'started' }] });
    for (const batch of [one, two]) await expect.poll(() => statesIn(batch)).toEqual(['done']);
    expect(charges()).toHaveLength(1);
  });

  it('keeps a batch that was added while it was running if it fails and is replayed', async () => {
    const { one, two, start, charges } = await newFile();
    const { faults } = world.sandbox;
    faults.add({ route: 'list', status: 503, times: 'always' }); // so that nothing is started
    const { workflowId, result } = await start({ batch: one });
    await expect.poll(async () => (await client.progress(workflowId))?.step).toBe('start');
    expect(await start({ batch: two })).toMatchObject({ state: 'running' });
    faults.clear();
    faults.add({ route: 'start', status: 400 });
    await expect(result()).rejects.toMatchObject({ code: 'EXECUTION_REFUSED' });
    for (const batch of [one, two]) await expect.poll(() => statesIn(batch)).toEqual(['failed']);

    for await (const outcome of client.replay([workflowId], { all: true }))
      expect(outcome).toMatchObject({ state: 'resumed', from: 'startExecution' });
    expect((await client.result(workflowId)).batches).toEqual([one, two]);
    for (const batch of [one, two]) await expect.poll(() => statesIn(batch)).toEqual(['done']);
    expect(charges()).toHaveLength(1);
  });

  it('is completed in bulk right after another batch', async () => {
    const paths: string[] = [];
    for (let file = 1; file <= 25; file++)
      paths.push(await world.write(`bulk-${file}.csv`, smallTable(file)));
    const executions = [{ label: 'day-1', configuration }];
    const upload = async (batch: string) => {
      const requests = await Promise.all(paths.map((path) => requestForFile(path, { executions, batch })));
      const receipts = [];
      for await (const ended of client.asCompleted(client.startMany(requests)))
        receipts.push(await ended.result());
      return receipts;
    };
    const charges = world.sandbox.charges.length;
    const first = await upload('bulk one');
    const second = await upload('bulk two');
    expect(second.map(({ repeatOf }) => repeatOf).sort()).toEqual(first.map(({ runId }) => runId).sort());
    expect(second.every(({ batches }) => batches.join() === 'bulk two')).toBe(true);
    expect(world.sandbox.charges).toHaveLength(charges + 25);
  });
});
