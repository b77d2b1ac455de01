import { describe, expect, it } from 'vitest';
import { uploadsOfBatch } from '../../../src/cli/input/find-uploads.js';
import type { UploadClient, UploadSummary } from '../../../src/client.js';

const upload = (workflowId: string, state: UploadSummary['state']): UploadSummary => ({
  workflowId,
  runId: `run of ${workflowId}`,
  state,
  batches: ['study-1'],
  executionIds: [],
  startedAt: new Date(0),
});

/** A client of a Temporal whose list lags behind, so that it shows other states than those that Temporal knows. */
const clientWith = (listed: readonly UploadSummary[], known: readonly UploadSummary[]) =>
  ({
    list: async function* () {
      yield* listed;
    },
    status: async (id: string) => known.find(({ workflowId }) => workflowId === id),
  }) as unknown as UploadClient;

describe('the uploads of a batch', () => {
  it('are done if the list still shows them as running', async () => {
    const listed = [upload('done', 'done'), upload('ended', 'running'), upload('runs', 'running')];
    const known = [upload('ended', 'done'), upload('runs', 'running')];
    const uploads = await uploadsOfBatch(clientWith(listed, known), 'study-1');
    expect(uploads.map(({ workflowId, state }) => [workflowId, state])).toEqual([
      ['done', 'done'],
      ['ended', 'done'],
      ['runs', 'running'],
    ]);
  });

  it('are as the list shows them if Temporal no longer has them', async () => {
    const listed = [upload('deleted', 'running')];
    expect(await uploadsOfBatch(clientWith(listed, []), 'study-1')).toEqual(listed);
  });

  it('must exist', async () => {
    await expect(uploadsOfBatch(clientWith([], []), 'study-1')).rejects.toThrow('No upload is in the batch');
  });
});
