import type { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { awaitBatch } from '../../src/activities/awaitBatch.js';
import { withErrorCodes } from '../../src/activities/failures.js';
import type { BatchUploads } from '../../src/temporal/batch-end.js';
import { environmentFor, run } from '../support/job.js';

const input = { profile: 'default', batch: 'study-7', webhook: 'https://example.com/hook' };
const QUIET_MS = 30_000;

/** Checks a batch with these uploads. Returns the event, or the failure. */
const check = async (uploads: BatchUploads | undefined) => {
  const activity = awaitBatch({ readBatch: async () => uploads, batchQuietMs: QUIET_MS });
  return run(
    withErrorCodes((given: unknown) => activity(given, 1)),
    input,
    environmentFor({ workflowType: 'notifyBatch' }),
  ).catch((error: unknown) => error as ApplicationFailure);
};
const ended = (closedMs: number, state: 'done' | 'failed' = 'done') => ({
  workflowId: `w-${closedMs}`,
  fileName: 'pk.csv',
  state,
  closedMs,
});

describe('awaitBatch', () => {
  it('waits while an upload of the batch is running', async () => {
    expect(await check({ running: 2, ended: [] })).toMatchObject({
      type: 'BATCH_PENDING',
      message: expect.stringContaining('2 uploads of the batch "study-7" are running'),
      nonRetryable: false,
    });
  });

  it('waits a moment after the last upload, because the next file may follow', async () => {
    const failure = await check({ running: 0, ended: [ended(Date.now())] });
    expect(failure).toMatchObject({ type: 'BATCH_PENDING', nonRetryable: false });
  });

  it('returns one event with the same ID each time it is asked', async () => {
    const uploads = { running: 0, ended: [ended(1), ended(2, 'failed')] };
    const [event, again] = [await check(uploads), await check(uploads)];
    expect(event).toMatchObject([
      {
        type: 'batch.ended',
        data: { total: 2, states: { done: 1, failed: 1 }, failures: [{ state: 'failed' }] },
      },
    ]);
    expect(again).toEqual(event);
  });
});
