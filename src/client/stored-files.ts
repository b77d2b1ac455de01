import type { Client } from '@temporalio/client';
import { pMapIterable } from 'p-map';
import type { RunRef } from '../contract/stored-file.js';
import { contentPrefixFor } from '../contract/workflow-id.js';
import { canBeQueried, quoteForQuery } from '../temporal/query.js';
import { readStoredFile } from '../temporal/stored-files.js';
import { queryFor, type UploadFilter } from './filter.js';
import type { StoredFile } from './request-for-stored-file.js';
import { runsOf } from './runs.js';
import { readRequest } from './source.js';
import { summaryOf, type UploadSummary } from './summary.js';

/** Selects a stored file: by a run that stored or analyzed it, by its ID at Aplos, or by its name and content. */
export type StoredFileQuery = RunRef | FileQuery;

type FileQuery =
  | { readonly fileId: string; readonly profile?: string | undefined }
  | { readonly fileName: string; readonly sha256: string; readonly profile?: string | undefined };

/** Largest number of uploads of one file name whose content is looked up. */
const MAX_CANDIDATES = 200;
const CONCURRENCY = 10;

/**
 * Returns the file that a run has stored at Aplos, with the ID that a new analysis needs.
 *
 * @returns `undefined` if it stored none, or neither Temporal nor this process can tell
 */
async function storedFileOf(client: Client, run: RunRef): Promise<StoredFile | undefined> {
  const record = await readStoredFile(client, run);
  const fileId = record?.file.fileId;
  if (!record || fileId === undefined) return undefined;
  const { profile, fileName, sha256, sizeBytes, run: storedBy } = record;
  return { profile, fileName, fileId, sha256, ...(sizeBytes === undefined ? {} : { sizeBytes }), storedBy };
}

/** Finds the file that matches a query. If several runs have stored it, the latest counts. */
export async function findStoredFile(
  client: Client,
  query: StoredFileQuery,
): Promise<StoredFile | undefined> {
  if ('runId' in query) return storedFileOf(client, query);
  const { profile } = query;
  const isMatch = (file: StoredFile) =>
    (profile === undefined || file.profile === profile) &&
    ('fileId' in query
      ? file.fileId === query.fileId
      : file.fileName === query.fileName && file.sha256 === query.sha256);
  for (const condition of conditionsFor(query)) {
    const uploads = runsOf(client).list({ query: `${queryFor(filterFor(query))}${condition}` });
    const files = pMapIterable(upTo(MAX_CANDIDATES, uploads), (run) => storedFileOf(client, run), {
      concurrency: CONCURRENCY,
    });
    for await (const file of files) if (file && isMatch(file)) return file;
  }
  return undefined;
}

const filterFor = (query: FileQuery): UploadFilter =>
  'fileId' in query ? { fileId: query.fileId } : { fileName: query.fileName };

/** Returns what to search for, the fastest search first. A workflow ID that a person chose does not say which content it has. */
function conditionsFor(query: FileQuery): string[] {
  if ('fileId' in query) return [''];
  const { fileName, sha256, profile = 'default' } = query;
  const prefix = contentPrefixFor({ profile, fileName, source: '', expect: { sha256 } });
  return [...(canBeQueried(prefix) ? [` AND WorkflowId STARTS_WITH ${quoteForQuery(prefix)}`] : []), ''];
}

async function* upTo<Value>(limit: number, values: AsyncIterable<Value>): AsyncGenerator<Value, void> {
  let count = 0;
  for await (const value of values) {
    yield value;
    if (++count >= limit) return;
  }
}

/** Returns the runs that started the analysis of a failed run with another configuration, the latest first. */
export async function correctionsOf(
  client: Client,
  { workflowId, fileId }: Pick<UploadSummary, 'workflowId' | 'fileId'>,
): Promise<UploadSummary[]> {
  if (fileId === undefined || !canBeQueried(fileId)) return [];
  const corrections: UploadSummary[] = [];
  const uploads = upTo(MAX_CANDIDATES, runsOf(client).list({ query: queryFor({ fileId }) }));
  const read = async (info: UploadRun) => ({
    info,
    request: await readRequest(client, info).catch(() => undefined), // it may be gone by now
  });
  for await (const { info, request } of pMapIterable(uploads, read, { concurrency: CONCURRENCY }))
    if (request?.correctionOf?.workflowId === workflowId && info.workflowId !== workflowId)
      corrections.push(summaryOf(info));
  return corrections;
}

type UploadRun = Parameters<typeof summaryOf>[0];
