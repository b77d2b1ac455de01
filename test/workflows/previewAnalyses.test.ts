import type { WorkflowFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { withErrorCodes } from '../../src/activities/failures.js';
import { findAnalyses } from '../../src/activities/findAnalyses.js';
import { withRawInput } from '../../src/activities/raw-input.js';
import { ExecutionList } from '../../src/aplos/execution-list.js';
import { UploadError } from '../../src/contract/errors.js';
import { timeSkipping } from '../support/time-skipping.js';

const trackingId = 'a'.repeat(32);
const contentId = '1'.repeat(32);
const record = {
  executionId: 'e1',
  status: 'complete',
  errors: [],
  hasMarks: true,
  work: { trackingId, contentId, fileName: 'pk.csv' },
};

describe('previewAnalyses', () => {
  const server = timeSkipping();

  /** Runs the workflow with a list of executions. Returns its result, or the failure that it ends with. */
  function run(list: () => Promise<readonly (typeof record)[]>, ...args: readonly unknown[]) {
    const executions = new ExecutionList(list);
    const activities = {
      findAnalyses: withRawInput(withErrorCodes(findAnalyses({ executions: () => executions }))),
    };
    return server.withWorker(activities, (taskQueue) =>
      server.client.workflow
        .execute('previewAnalyses', { taskQueue, workflowId: taskQueue, args: [...args] })
        .catch((error: WorkflowFailedError) => error.cause as ApplicationFailure),
    );
  }
  const input = { profile: 'default', analyses: [{ trackingId, contentId }] };

  it('returns what Aplos has, with one call', async () => {
    let calls = 0;
    const found = await run(async () => {
      calls += 1;
      return [record];
    }, input);
    expect(found).toEqual([
      { execution: { executionId: 'e1', status: 'complete', fileName: 'pk.csv' }, similar: [] },
    ]);
    expect(calls).toBe(1);
  });

  it('calls Aplos a second time if it was not available, and no third time', async () => {
    let calls = 0;
    const failure = await run(async () => {
      calls += 1;
      throw new UploadError('API_UNAVAILABLE', 'Cannot list the executions');
    }, input);
    expect(failure).toMatchObject({ type: 'API_UNAVAILABLE' });
    expect(calls).toBe(2);
  });

  it.each<[what: string, args: readonly unknown[]]>([
    ['has no argument', []],
    ['has two arguments', [input, input]],
    ['has an argument that is not JSON', [Buffer.from([0xff])]],
    ['has an argument of another shape', [{ profile: 7 }]],
  ])('fails with REQUEST_INVALID if it %s', async (_what, args) => {
    expect(await run(async () => [], ...args)).toMatchObject({ type: 'REQUEST_INVALID' });
  });
});
