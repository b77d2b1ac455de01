import type { Client } from '@temporalio/client';
import { pMapIterable, pMapSkip } from 'p-map';
import { queryFor, type UploadFilter } from './filter.js';
import { stateOf } from './states.js';
import { summaryOf, type UploadSummary } from './summary.js';

/**
 * Lists the uploads that match a filter, each with its latest run: a failed run does not match if the upload was resumed
 * since.
 *
 * @param concurrency maximum number of concurrent calls to Temporal
 */
export function listUploads(
  client: Client,
  filter: UploadFilter,
  concurrency: number,
): AsyncIterable<UploadSummary> {
  const listed = new Set<string>();
  return pMapIterable(
    client.workflow.list({ query: queryFor(filter) }),
    async (info) => {
      const { workflowId, runId, status } = info;
      if (listed.has(workflowId)) return pMapSkip;
      listed.add(workflowId);
      const state = stateOf(status);
      const isLatest =
        state === 'running' ||
        state === 'done' ||
        (await client.workflow.getHandle(workflowId).describe()).runId === runId;
      return isLatest ? summaryOf(info) : pMapSkip;
    },
    { concurrency },
  );
}
