import type { Client } from '@temporalio/client';
import { pMapIterable, pMapSkip } from 'p-map';
import type { UploadRequest } from '../contract/request.js';
import { contentPrefixFor } from '../contract/workflow-id.js';
import { canBeQueried, fileNameConditions, quoteForQuery } from '../temporal/query.js';
import { queryFor, type UploadFilter } from './filter.js';
import { runsOf } from './runs.js';
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
  return latestRuns(client, queryFor(filter), concurrency);
}

/** Lists all runs that match a filter, those included that were resumed since. */
export async function* listAllRuns(
  client: Client,
  filter: UploadFilter,
): AsyncGenerator<UploadSummary, void> {
  for await (const info of runsOf(client).list({ query: queryFor(filter) })) yield summaryOf(info);
}

/**
 * Lists the uploads of the content of a request under its name, whatever their executions, each with its latest run.
 *
 * @param own upload of the request itself, which the list may not show yet
 * @param concurrency maximum number of concurrent calls to Temporal
 */
export async function* listUploadsOfContent(
  client: Client,
  request: UploadRequest,
  own: UploadSummary | undefined,
  concurrency: number,
): AsyncGenerator<UploadSummary, void> {
  if (own) yield own;
  const prefix = contentPrefixFor(request);
  if (!canBeQueried(prefix)) return;
  const query = [
    queryFor({}),
    ...fileNameConditions(request.fileName),
    `WorkflowId STARTS_WITH ${quoteForQuery(prefix)}`,
  ].join(' AND ');
  for await (const upload of latestRuns(client, query, concurrency))
    if (upload.workflowId !== own?.workflowId) yield upload;
}

function latestRuns(client: Client, query: string, concurrency: number): AsyncIterable<UploadSummary> {
  const listed = new Set<string>();
  return pMapIterable(
    runsOf(client).list({ query }),
    async (info) => {
      const { workflowId, runId, status } = info;
      if (listed.has(workflowId)) return pMapSkip;
      listed.add(workflowId);
      const state = stateOf(status);
      const isLatest =
        state === 'running' ||
        state === 'done' ||
        (await runsOf(client).getHandle(workflowId).describe()).runId === runId;
      return isLatest ? summaryOf(info) : pMapSkip;
    },
    { concurrency },
  );
}
