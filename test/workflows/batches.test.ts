import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, defaultPayloadConverter, type Payload } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import type { Receipt } from '../../src/contract/receipt.js';
import type { UploadRequestInput } from '../../src/contract/request.js';
import type { UploadActivities } from '../../src/contract/steps.js';
import { currentDetailsOf } from '../support/outcome.js';
import { ran, request, successfulActivities } from '../support/successful-activities.js';
import { timeSkipping } from '../support/time-skipping.js';

describe('uploadAnalysisFile, asked for in several batches', () => {
  const server = timeSkipping();

  async function run(
    input: Partial<UploadRequestInput>,
    changes: Partial<UploadActivities> = {},
    whileRunning: (handle: WorkflowHandle) => Promise<unknown> = async () => {},
  ) {
    const calls: string[] = [];
    return server.withWorker({ ...successfulActivities(calls), ...changes }, async (taskQueue) => {
      const handle = await server.client.workflow.start('uploadAnalysisFile', {
        taskQueue,
        workflowId: taskQueue,
        args: [{ ...request, ...input }],
      });
      await whileRunning(handle);
      const receipt = (await handle.result().catch(() => undefined)) as Receipt | undefined;
      const { searchAttributes } = await handle.describe();
      const details = await currentDetailsOf(handle);
      return { receipt, calls, batches: searchAttributes.AplosBatch ?? [], details };
    });
  }

  const earlierReceipt = async () => {
    const { receipt } = await run({ batch: 'one', requestedBy: 'jack@example.com' });
    return receipt as Receipt;
  };
  const repeatOf = 'a1';

  describe('that repeats a run', () => {
    it('ends with the receipt of that run, for its own batch and requester, and does nothing else', async () => {
      const earlier = await earlierReceipt();
      const executions = earlier.executions.map((each) => ({ ...each, origin: 'found', status: 'complete' }));
      const found = { ...earlier, executions } as Receipt;
      const { receipt, calls, batches, details } = await run(
        { batch: 'two', repeatOf },
        { findEarlierUpload: async () => ({ receipt: found, ran }) },
      );
      expect(calls).toEqual([]);
      expect(receipt).toEqual({
        ...earlier,
        runId: expect.any(String),
        executions,
        requestedBy: 'jane@example.com',
        batches: ['two'],
        steps: [...earlier.steps, { step: 'find', ...ran }],
        repeatOf: earlier.runId,
      });
      expect(receipt?.runId).not.toBe(earlier.runId);
      expect(batches).toEqual(['two']);
      expect(details).toContain('Done: pk.csv');
      expect(details).toContain('- Executions: 2 of 2 started');
    });

    it('names the run that did the work if it repeats a run that repeated another', async () => {
      const earlier = { ...(await earlierReceipt()), repeatOf: 'the first' };
      const { receipt } = await run(
        { repeatOf },
        { findEarlierUpload: async () => ({ receipt: earlier, ran }) },
      );
      expect(receipt?.repeatOf).toBe('the first');
    });

    it('uploads the file and starts its executions if Aplos lacks something', async () => {
      const { receipt, calls } = await run({ batch: 'two', repeatOf });
      expect(calls).toHaveLength(5);
      expect(receipt).toMatchObject({ batches: ['two'], executions: [{ origin: 'started' }, {}] });
      expect(receipt).not.toHaveProperty('repeatOf');
    });
  });

  it('counts for the batches of the failed run that it follows', async () => {
    const { receipt, batches } = await run({ batch: 'two', otherBatches: ['one', 'two'] });
    expect(receipt?.batches).toEqual(['two', 'one']);
    expect(batches).toEqual(['two', 'one']);
  });

  it('has no batch if the request has none', async () => {
    const { receipt, batches } = await run({});
    expect(receipt?.batches).toEqual([]);
    expect(batches).toEqual([]);
  });

  describe('while it is running', () => {
    /** Makes the upload wait for the signals. */
    const waiting = () => {
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      const presignUpload: UploadActivities['presignUpload'] = async (input) => {
        await released;
        return successfulActivities([]).presignUpload(input);
      };
      return { release, presignUpload };
    };

    it('counts for each batch of an addBatch signal too, once, in the order in which they came', async () => {
      const { release, presignUpload } = waiting();
      const { receipt, batches, details } = await run({ batch: 'one' }, { presignUpload }, async (handle) => {
        for (const batch of ['two', 'one', 'three', 'two'])
          await handle.signal('addBatch', { batch, requestedBy: 'jack@example.com' });
        release();
      });
      expect(receipt?.batches).toEqual(['one', 'two', 'three']);
      expect(batches).toEqual(['one', 'two', 'three']);
      expect(details).toContain('- Batch: one, two, three');
    });

    it('counts for a batch that was added before its request was checked', async () => {
      const { release, presignUpload } = waiting();
      const { receipt } = await run({}, { presignUpload }, async (handle) => {
        await handle.signal('addBatch', { batch: 'two' });
        release();
      });
      expect(receipt?.batches).toEqual(['two']);
    });

    it('keeps an added batch if it fails', async () => {
      const { release, presignUpload } = waiting();
      const { receipt, batches } = await run(
        { batch: 'one' },
        { presignUpload, uploadFile: () => Promise.reject(ApplicationFailure.nonRetryable('It fails')) },
        async (handle) => {
          await handle.signal('addBatch', { batch: 'two' });
          release();
        },
      );
      expect(receipt).toBeUndefined();
      expect(batches).toEqual(['one', 'two']);
    });

    it('ignores signals that are malformed', async () => {
      const encoded = (data: string, encoding = 'json/plain'): Payload => ({
        metadata: { encoding: Buffer.from(encoding) },
        data: Buffer.from(data),
      });
      const json = (value: unknown) => defaultPayloadConverter.toPayload(value);
      const malformed = [
        [],
        [json(null)],
        [json('two')],
        [json({})],
        [json({ batch: 7 })],
        [json({ batch: '' })],
        [json({ batch: 'x'.repeat(101) })],
        [json({ batch: 'a\nb' })],
        [json({ batch: '\ud800' })],
        [encoded('{"batch":')],
        [encoded('{}', 'x/y'), encoded('{')],
      ];
      const { release, presignUpload } = waiting();
      const { receipt, batches } = await run(
        { batch: 'one' },
        { presignUpload },
        async ({ workflowId, client }) => {
          for (const payloads of malformed)
            await client.workflowService.signalWorkflowExecution({
              namespace: 'default',
              workflowExecution: { workflowId },
              signalName: 'addBatch',
              input: { payloads },
            });
          release();
        },
      );
      expect(receipt?.batches).toEqual(['one']);
      expect(batches).toEqual(['one']);
    });
  });
});
