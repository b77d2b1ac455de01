import { Context } from '@temporalio/activity';
import type { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import type { RecordInput } from '../../src/contract/ending.js';
import type { Receipt, UploadProgress } from '../../src/contract/receipt.js';
import type { UploadActivities } from '../../src/contract/steps.js';
import { request, successfulActivities } from '../support/successful-activities.js';
import { timeSkipping } from '../support/time-skipping.js';

/** Heartbeats until it is cancelled. */
async function untilCancelled(): Promise<never> {
  const heartbeats = setInterval(() => Context.current().heartbeat(), 100);
  try {
    return await Context.current().cancelled;
  } finally {
    clearInterval(heartbeats);
  }
}

const failure = (code: string, options: { final: boolean; keepsRecords?: boolean }) =>
  ApplicationFailure.create({
    type: code,
    message: `${code} happened to pk.csv. Do this.`,
    details: [{ code, remedy: options.final ? 'final' : 'retry', keepsRecords: options.keepsRecords }],
    nonRetryable: options.final,
    nextRetryDelay: '1 hour',
  });

describe('uploadAnalysisFile with records', () => {
  const server = timeSkipping();

  /** Activities of a worker that keeps records, and the inputs of those that it wrote. */
  function keepingRecords(changes: Partial<UploadActivities> = {}) {
    const written: RecordInput[] = [];
    const successful = successfulActivities([]);
    const activities: UploadActivities = {
      ...successful,
      checkRequest: async (...input) => ({
        ...(await successful.checkRequest(...input)),
        keepsRecords: true,
      }),
      writeRecord: async (input) => {
        written.push(input);
        return successful.writeRecord(input);
      },
      ...changes,
    };
    return { activities, written };
  }

  const start = (taskQueue: string, input: unknown = request) =>
    server.client.workflow.start('uploadAnalysisFile', { taskQueue, workflowId: taskQueue, args: [input] });

  async function run(changes: Partial<UploadActivities> = {}, input: unknown = request) {
    const { activities, written } = keepingRecords(changes);
    return server.withWorker(activities, async (taskQueue) => {
      const handle = await start(taskQueue, input);
      const outcome = await handle.result().then(
        (receipt: Receipt) => ({ receipt, error: undefined }),
        ({ cause }: WorkflowFailedError) => ({ receipt: undefined, error: cause as ApplicationFailure }),
      );
      const { workflowId, firstExecutionRunId: runId } = handle;
      const { history } = await server.client.workflowService.getWorkflowExecutionHistory({
        namespace: server.client.options.namespace,
        execution: { workflowId },
      });
      return { ...outcome, written, workflowId, runId, events: history?.events ?? [] };
    });
  }

  it('writes the receipt that it returns, before it ends', async () => {
    const { receipt, written } = await run();
    expect(written).toEqual([{ receipt, isReset: false }]);
  });

  it('writes why it failed, and what was known and started until then', async () => {
    const { error, written, workflowId, runId } = await run({
      startExecution: async (input) => {
        if (input.label === 'day 7') throw failure('EXECUTION_REFUSED', { final: true });
        return successfulActivities([]).startExecution(input);
      },
    });
    expect(error?.type).toBe('EXECUTION_REFUSED');
    expect(written).toMatchObject([
      {
        isReset: false,
        ending: {
          endingVersion: 1,
          workflowId,
          runId,
          state: 'failed',
          error: { code: 'EXECUTION_REFUSED', message: error?.message },
          endedAt: expect.stringMatching(/^\d{4}-.*Z$/),
          profile: 'default',
          source: 'file:///data/pk.csv',
          fileName: 'pk.csv',
          requestedBy: 'jane@example.com',
          fileId: 'file-1',
          sha256: 'f'.repeat(64),
          sizeBytes: 10,
          presigns: 1,
          batches: [],
          executions: [{ label: 'day 1', executionId: 'execution of day 1' }],
        },
        requested: [{ label: 'day 1' }, { label: 'day 7' }],
      },
    ]);
  });

  it('writes what S3 has of a file that Aplos cannot read', async () => {
    const { written } = await run({
      confirmUpload: async () => {
        throw failure('FILE_INVALID', { final: true });
      },
    });
    expect(written).toMatchObject([
      { ending: { fileId: 'file-1', key: 'key-1', status: 204, sha256: 'f'.repeat(64), sizeBytes: 10 } },
    ]);
    expect(written[0]).not.toHaveProperty('ending.fileState');
  });

  it('writes that it was cancelled, although it is being cancelled', async () => {
    const { activities, written } = keepingRecords({ uploadFile: untilCancelled });
    await server.withWorker(activities, async (taskQueue) => {
      const handle = await start(taskQueue);
      const step = async () => (await handle.query<UploadProgress | undefined>('progress'))?.step;
      await expect.poll(step).toBe('upload');
      await handle.cancel();
      await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    });
    expect(written).toMatchObject([{ ending: { state: 'cancelled', fileId: 'file-1', executions: [] } }]);
    expect(written[0]).not.toHaveProperty('ending.error');
  });

  it('writes that it was cancelled before it had begun', async () => {
    const { activities, written } = keepingRecords();
    const handle = await start('cancelled-early');
    await handle.cancel();
    await server.withWorker(
      activities,
      () => expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } }),
      { taskQueue: 'cancelled-early' },
    );
    expect(written).toMatchObject([{ ending: { state: 'cancelled', fileName: 'pk.csv', executions: [] } }]);
  });

  it('writes that its request is not valid', async () => {
    const refuse = (keepsRecords: boolean) => ({
      checkRequest: async () => {
        throw failure('REQUEST_INVALID', { final: true, keepsRecords });
      },
    });
    const { error, written } = await run(refuse(true));
    expect(error?.type).toBe('REQUEST_INVALID');
    expect(written).toMatchObject([
      {
        ending: { state: 'failed', error: { code: 'REQUEST_INVALID' }, batches: [], executions: [] },
        requested: [],
      },
    ]);
    expect((await run(refuse(false))).written).toEqual([]);
  });

  it('does not end before its record is written, however long that takes', { tags: ['REQ-31'] }, async () => {
    let attempts = 0;
    const { activities } = keepingRecords({
      writeRecord: async (input) => {
        attempts += 1;
        if (attempts < 30) throw failure('RECORD_UNWRITABLE', { final: false });
        return successfulActivities([]).writeRecord(input);
      },
    });
    await server.withWorker(activities, async (taskQueue) => {
      const begun = await server.currentTimeMs();
      const handle = await start(taskQueue);
      const receipt = (await handle.result()) as Receipt;
      expect(receipt.fileId).toBe('file-1');
      expect((await server.currentTimeMs()) - begun).toBeGreaterThan(28 * 3_600_000);
    });
    expect(attempts).toBe(30);
  });

  it('shows that its record cannot be written, until it is', async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { activities } = keepingRecords({
      writeRecord: (input) => released.then(() => successfulActivities([]).writeRecord(input)),
    });
    await server.withWorker(activities, async (taskQueue) => {
      const handle = await start(taskQueue);
      try {
        const step = async () => (await handle.query<UploadProgress | undefined>('progress'))?.step;
        await expect.poll(step).toBe('record');
        const report = { code: 'RECORD_UNWRITABLE', message: 'The disk is full.', attempt: 6 };
        await handle.signal('stepFails', { ...report, step: 'writeRecord' });
        const { currentDetails } = await handle.query<{ currentDetails: string }>(
          '__temporal_workflow_metadata',
        );
        expect(currentDetails).toMatch(
          /Writing the record: pk\.csv.*\*\*RECORD.UNWRITABLE\*\*: The disk is full\./s,
        );
        release();
        await handle.result();
        expect(await step()).toBe('done');
      } finally {
        release();
      }
    });
  });

  it('schedules the step again if it fails in a way that Temporal does not retry', async () => {
    let attempts = 0;
    const { receipt } = await run({
      writeRecord: async (input) => {
        attempts += 1;
        if (attempts < 4) throw failure('PAYLOAD_UNTRUSTED', { final: true });
        return successfulActivities([]).writeRecord(input);
      },
    });
    expect(receipt?.fileId).toBe('file-1');
    expect(attempts).toBe(4);
  });

  it('adds one activity to the history, and none if the worker keeps no records', async () => {
    const { checkRequest } = successfulActivities([]);
    const activities = (events: Awaited<ReturnType<typeof run>>['events']) =>
      events.flatMap(
        ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name ?? [],
      );
    const without = await run({ checkRequest });
    expect(without.written).toEqual([]);
    const steps = activities(without.events);
    expect(steps).not.toContain('writeRecord');
    expect(activities((await run()).events)).toEqual([...steps, 'writeRecord']);
  });
});
