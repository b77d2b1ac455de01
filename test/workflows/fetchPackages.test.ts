import type { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import type { Receipt } from '../../src/contract/receipt.js';
import type { UploadRequestInput } from '../../src/contract/request.js';
import type { FetchInput } from '../../src/contract/results.js';
import type { UploadActivities } from '../../src/contract/steps.js';
import { ran, request, successfulActivities } from '../support/successful-activities.js';
import { timeSkipping } from '../support/time-skipping.js';

describe('an upload that asks for results', () => {
  const server = timeSkipping();

  async function run(changes: Partial<UploadActivities> = {}, input: Partial<UploadRequestInput> = {}) {
    const calls: string[] = [];
    const fetches: FetchInput[] = [];
    const activities = successfulActivities(calls);
    return server.withWorker(
      {
        ...activities,
        fetchResults: async (fetch: FetchInput) => {
          fetches.push(fetch);
          return activities.fetchResults(fetch);
        },
        ...changes,
      },
      async (taskQueue) => {
        const handle = await server.client.workflow.start('uploadAnalysisFile', {
          taskQueue,
          workflowId: taskQueue,
          args: [{ ...request, results: 'file:///results/{label}.zip', ...input }],
        });
        const outcome = await handle.result().then(
          (receipt: Receipt) => ({ receipt, failure: undefined }),
          (error: WorkflowFailedError) => ({
            receipt: undefined,
            failure: error.cause as ApplicationFailure,
          }),
        );
        return { ...outcome, calls, fetches };
      },
    );
  }

  it('fetches the package of each execution once it has ended', async () => {
    const { receipt, calls, fetches } = await run({}, { unpackResults: true });
    expect(calls.slice(-4).sort()).toEqual(['await day 1', 'await day 7', 'fetch day 1', 'fetch day 7']);
    expect(calls.indexOf('fetch day 1')).toBeGreaterThan(calls.indexOf('await day 1'));
    expect(fetches).toContainEqual({
      profile: 'default',
      fileName: 'pk.csv',
      sha256: 'f'.repeat(64),
      label: 'day 1',
      executionId: 'execution of day 1',
      configuration: { version: '1' },
      results: 'file:///results/{label}.zip',
      unpackResults: true,
    });
    expect(receipt?.executions).toMatchObject([
      {
        label: 'day 1',
        completion: {},
        packages: [{ location: 'file:///results/day 1.zip', inputVerified: true }],
      },
      { label: 'day 7', completion: {}, packages: [{ sizeBytes: 10 }] },
    ]);
    expect(receipt?.steps.slice(-4)).toMatchObject([
      { step: 'await', label: 'day 1' },
      { step: 'fetch', label: 'day 1', attempts: 1 },
      { step: 'await', label: 'day 7' },
      { step: 'fetch', label: 'day 7' },
    ]);
  });

  it('fetches what succeeded before it fails', async () => {
    const { failure, calls } = await run({
      awaitExecution: async ({ label }) => {
        if (label === 'day 1')
          throw ApplicationFailure.nonRetryable('It failed.', 'EXECUTION_FAILED', {
            code: 'EXECUTION_FAILED',
            remedy: 'final',
          });
        return { status: 'complete', ran };
      },
    });
    expect(failure).toMatchObject({ type: 'EXECUTION_FAILED' });
    expect(calls).toContain('fetch day 7');
  });

  it('fetches an execution with several labels once for each location', async () => {
    const same = { configuration: { version: '1' } };
    const executions = [
      { label: 'a', ...same },
      { label: 'b', ...same },
    ];
    const byLabel = await run({}, { executions });
    const byId = await run({}, { executions, results: 'file:///results/{executionId}.zip' });
    expect(byLabel.calls.filter((call) => call.startsWith('fetch')).sort()).toEqual(['fetch a', 'fetch b']);
    expect(byId.calls.filter((call) => call.startsWith('fetch'))).toEqual(['fetch a']);
    expect(byId.receipt?.executions).toMatchObject([{ packages: [{}] }, { packages: [{}] }]);
  });
});
