import { pMapIterable } from 'p-map';
import type { UploadClient, UploadFilter, UploadStatus, UploadSummary } from '../../../client.js';
import { increment } from '../../../util/tally.js';
import { counts } from '../../../util/units.js';
import { type ErrorGroup, groupLines, groupMessage, totalLine } from '../../output/error-groups.js';
import { type Room, rowsOf } from '../../output/fit.js';
import { missingHostWorkerText, missingWorkerText } from '../../output/missing-workers.js';
import { statusLines } from '../../output/status-text.js';
import type { UiLinks } from '../../output/ui-links.js';
import { namesOf } from '../../output/upload-names.js';
import { MAX_ROWS, RowSelection } from './rows.js';

/** Number of concurrent calls. */
export const CONCURRENCY = 20;
/** Names that are looked up for a group: more than fit into a line. */
const NAMES_OF_GROUP = 12;
/** Fewest uploads that are shown as rows, however small the terminal is. */
const LEAST_ROWS = 5;

/** Rows of the shell: the command, and the prompt after it. */
const ROWS_OF_SHELL = 2;
/** Rows of a table besides its uploads: the heading, the number of those that are left out, and a blank line. */
const ROWS_OF_TABLE = 3;

/** Status of the selected uploads at one moment. */
export interface Snapshot {
  readonly lines: readonly string[];
  /** Ids that Temporal does not know. */
  readonly unknownIds: readonly string[];
  /** Number of running uploads. */
  readonly running: number;
}

/** What to show, and how. */
export interface SnapshotOptions {
  readonly filter: UploadFilter;
  /** Options that select the same uploads, e.g. `--batch study-7`. */
  readonly selection: string;
  /** Continues the number of uploads, e.g. ` in the last 24 hours`. */
  readonly period: string;
  /** Whether each upload is a row, also those that have the same error. */
  readonly each: boolean;
  readonly room: Room;
  /** Largest number of uploads to show as rows. Default: as many as fit into the room, 40 at most */
  readonly limit?: number | undefined;
  /** Page of the uploads in the Temporal UI, if it is known. */
  readonly page?: string | undefined;
}

/** Reads the status of the uploads that match a filter: a group for each error that several have, and rows for the others. */
export async function readByFilter(client: UploadClient, options: SnapshotOptions): Promise<Snapshot> {
  const { filter, selection, period, each, room, limit, page } = options;
  const tally = new Map<string, number>();
  const rows = new RowSelection(limit);
  for await (const upload of client.list(filter)) {
    increment(tally, upload.state);
    rows.add(upload);
  }
  const total = [...tally.values()].reduce((sum, number) => sum + number, 0);
  if (total === 0) return { lines: [`No uploads${period}.`], unknownIds: [], running: 0 };
  const grouped = each ? [] : await failedGroups(client, rows);
  const details = await readAll(client, rows.uploads(new Set(grouped.map(({ code }) => code))));
  const running = each ? [] : runningGroups(details);
  const groups = [...grouped, ...(await Promise.all(running.map((group) => named(client, group))))];
  const inGroups = new Set(running.flatMap(({ uploads }) => uploads));
  const others = details.filter((upload) => !inGroups.has(upload));

  const head = [totalLine(total, period, counts(tally)), ''];
  const foot = page ? [`In the Temporal UI: ${page}`] : [];
  const rowsForGroups = room.rows - rowsOf([...head, ...foot], room.columns) - ROWS_OF_SHELL;
  const middle = groupLines(groups, selection, { ...room, rows: rowsForGroups });
  const free = rowsForGroups - rowsOf(middle, room.columns) - ROWS_OF_TABLE;
  const shown = others.slice(0, limit ?? Math.min(MAX_ROWS, Math.max(LEAST_ROWS, free)));
  const rest = total - shown.length - groups.reduce((sum, group) => sum + group.total, 0);
  const table = shown.length > 0 ? statusLines(shown, await namesOf(client, shown)) : [];
  const more = rest > 0 ? [`… and ${rest.toLocaleString('en')} more. Add --json to print all.`] : [];
  const body = [...table, ...more];
  return {
    lines: [...head, ...middle, ...body, ...(body.length > 0 && foot.length > 0 ? [''] : []), ...foot],
    unknownIds: [],
    running: tally.get('running') ?? 0,
  };
}

/** Reads the status of uploads by their ids, each as a row, with the links to their pages below. */
export async function readByIds(
  client: UploadClient,
  workflowIds: readonly string[],
  links: Pick<UiLinks, 'uploadPage'>,
): Promise<Snapshot> {
  const found: UploadStatus[] = [];
  const unknownIds: string[] = [];
  const results = pMapIterable(workflowIds, async (id) => ({ id, status: await client.status(id) }), {
    concurrency: CONCURRENCY,
  });
  for await (const { id, status } of results) {
    if (status) found.push(status);
    else unknownIds.push(id);
  }
  const pages = found.flatMap(({ workflowId }) => links.uploadPage(workflowId) ?? []);
  const foot = pages.length > 0 ? ['', 'In the Temporal UI:', ...pages.map((page) => `  ${page}`)] : [];
  return {
    lines: found.length > 0 ? [...statusLines(found, await namesOf(client, found)), ...foot] : [],
    unknownIds,
    running: found.filter(({ state }) => state === 'running').length,
  };
}

/** Reads the details of an upload, unless it is done: the list already has all details then. */
export async function readDetails(client: UploadClient, upload: UploadSummary): Promise<UploadStatus> {
  const status = upload.state === 'done' ? undefined : await client.status(upload.workflowId);
  return status ?? { ...upload, pending: [] };
}

async function readAll(client: UploadClient, uploads: readonly UploadSummary[]): Promise<UploadStatus[]> {
  const details = [];
  for await (const each of pMapIterable(uploads, (upload) => readDetails(client, upload), {
    concurrency: CONCURRENCY,
  }))
    details.push(each);
  return details;
}

/** Returns a group for each error with which several uploads failed. */
const failedGroups = (client: UploadClient, rows: RowSelection): Promise<ErrorGroup[]> =>
  Promise.all(
    rows.failures
      .filter(({ total }) => total > 1)
      .map(async ({ code, total, uploads }): Promise<ErrorGroup> => {
        const [first] = uploads;
        const status = first && (await client.status(first.workflowId));
        return {
          code,
          state: 'failed',
          total,
          names: await namesOf(client, uploads.slice(0, NAMES_OF_GROUP)),
          message: groupMessage(status?.failure?.message ?? ''),
        };
      }),
  );

/** Running uploads with the same error. */
interface RunningGroup {
  readonly code: string;
  readonly message: string;
  readonly uploads: readonly UploadStatus[];
}

function runningGroups(uploads: readonly UploadStatus[]): RunningGroup[] {
  const groups = new Map<string, { code: string; message: string; uploads: UploadStatus[] }>();
  for (const upload of uploads) {
    const problem = problemOf(upload);
    if (!problem) continue;
    const group = groups.get(problem.key) ?? { ...problem, uploads: [] };
    group.uploads.push(upload);
    groups.set(problem.key, group);
  }
  return [...groups.values()].filter(({ uploads: { length } }) => length > 1);
}

/** Returns what keeps a running upload from making progress. Uploads that wait for different workers differ in their key. */
function problemOf(upload: UploadStatus): { key: string; code: string; message: string } | undefined {
  if (upload.state !== 'running') return undefined;
  const host = upload.pending.find(({ hostHasWorker }) => hostHasWorker === false)?.host;
  if (host !== undefined) {
    const message = missingHostWorkerText(host);
    return { key: message, code: 'HOST_WITHOUT_WORKER', message };
  }
  if (upload.hasWorker === false) {
    const message = missingWorkerText(upload);
    return { key: message, code: 'WORKER_MISSING', message };
  }
  const failure = upload.pending.find(({ lastFailure }) => lastFailure)?.lastFailure;
  return failure && { key: failure.code, code: failure.code, message: groupMessage(failure.message) };
}

const named = async (
  client: UploadClient,
  { code, message, uploads }: RunningGroup,
): Promise<ErrorGroup> => ({
  code,
  state: 'running',
  total: uploads.length,
  names: await namesOf(client, uploads.slice(0, NAMES_OF_GROUP)),
  message,
});
