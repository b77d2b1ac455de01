import pMap from 'p-map';
import type { UploadClient, UploadSummary } from '../../../client.js';
import type { Receipt } from '../../../contract/receipt.js';
import type { ReportedRecord, ReportedRun, ReportedUpload } from '../../../records/batch-report.js';
import { hashOfRecord } from '../../../records/receipt-file.js';
import { type RunRecord, receiptOf } from '../../input/run-records.js';

const CONCURRENCY = 10;

/** What a report is made of. */
export interface ReportSources {
  readonly client: UploadClient;
  /** Uploads of the batch that Temporal has, each with its latest run. */
  readonly uploads: readonly UploadSummary[];
  /** All runs of the batch that Temporal has. */
  readonly runs: readonly UploadSummary[];
  /** Records that workers have written. */
  readonly records: readonly RunRecord[];
  /** Creates the record of a run that is done and has none, from its receipt in Temporal. */
  readonly createRecord: (receipt: Receipt) => RunRecord;
}

/** The uploads of a batch, and the records that belong to them. */
export interface CollectedUploads {
  readonly uploads: readonly ReportedUpload[];
  readonly records: readonly RunRecord[];
}

/** Collects what a report says of each upload: all of its runs, from their records and from Temporal, which forgets runs in time. */
export async function collectUploads(sources: ReportSources): Promise<CollectedUploads> {
  const { uploads, runs, records } = sources;
  const latest = new Map(uploads.map((upload) => [upload.workflowId, upload]));
  const recordOf = new Map(records.map((record) => [record.content.runId, record]));
  const created: RunRecord[] = [];
  const ids = new Set([
    ...[...uploads, ...runs].map(({ workflowId }) => workflowId),
    ...records.map(({ content }) => content.workflowId),
  ]);
  const collected = await pMap(ids, collect, { concurrency: CONCURRENCY });
  return { uploads: collected.sort(byName), records: [...records, ...created] };

  async function collect(workflowId: string): Promise<ReportedUpload> {
    const known = runsOf(workflowId);
    const reported = await Promise.all(
      known.map((run, index) => report(workflowId, run, index === known.length - 1)),
    );
    const last = reported.at(-1) ?? { runId: '', state: 'unknown' };
    const earlierRuns = reported.slice(0, -1);
    const fileName = known.find((run) => run.fileName !== undefined)?.fileName ?? workflowId;
    return { workflowId, fileName, ...last, ...(earlierRuns.length > 0 ? { earlierRuns } : {}) };
  }

  /** Returns the runs of an upload that Temporal or a record knows, the latest one last. */
  function runsOf(workflowId: string): readonly KnownRun[] {
    const known = new Map<string, KnownRun>();
    for (const record of records)
      if (record.content.workflowId === workflowId) known.set(record.content.runId, recordedRun(record));
    const current = latest.get(workflowId);
    const listed = runs.filter((run) => run.workflowId === workflowId);
    for (const run of current ? [...listed, current] : listed)
      known.set(run.runId, { ...run, at: (run.closedAt ?? new Date(8.64e15)).toISOString() });
    return [...known.values()].sort(
      (one, other) =>
        Number(one.runId === current?.runId) - Number(other.runId === current?.runId) ||
        one.at.localeCompare(other.at),
    );
  }

  async function report(workflowId: string, run: KnownRun, isLatest: boolean): Promise<ReportedRun> {
    const { runId, state, errorCode, executionIds = [] } = run;
    const base = { runId, state };
    const found = recordOf.get(runId);
    if (found) {
      const { content } = found;
      const failure = 'endingVersion' in content ? content.error : undefined;
      return { ...base, ...(failure ? { failure } : {}), record: reportedRecord(found, 'worker') };
    }
    if (state === 'done') {
      const record = sources.createRecord(await receiptOf(sources.client, workflowId, runId));
      created.push(record);
      return { ...base, record: reportedRecord(record, 'report') };
    }
    const failure = isLatest ? (await sources.client.status(workflowId))?.failure : undefined;
    const { code, message } = failure ?? { code: errorCode, message: '' };
    return {
      ...base,
      ...(state !== 'running' && code !== undefined ? { failure: { code, message } } : {}),
      ...(executionIds.length > 0 ? { executionIds } : {}),
    };
  }
}

/** A run, and when it ended. */
type KnownRun = Pick<UploadSummary, 'runId'> &
  Partial<Pick<UploadSummary, 'fileName' | 'errorCode' | 'executionIds'>> & {
    readonly state: string;
    /** ISO 8601, UTC. */
    readonly at: string;
  };

function recordedRun({ content }: RunRecord): KnownRun {
  const { runId, fileName, resets = [] } = content;
  const isEnding = 'endingVersion' in content;
  const ends = isEnding ? [content.endedAt] : content.steps.map(({ finishedAt }) => finishedAt);
  return {
    runId,
    ...(fileName === undefined ? {} : { fileName }),
    state: isEnding ? content.state : 'done',
    // A run ends after the resets that led to it, whatever the clocks of workers say.
    at: [...ends, ...resets.map(({ at }) => at)].sort().at(-1) ?? '',
  };
}

const reportedRecord = (
  { file, bytes, content }: RunRecord,
  writtenBy: ReportedRecord['writtenBy'],
): ReportedRecord => ({
  file,
  sha256: hashOfRecord(bytes),
  writtenBy,
  ...('endingVersion' in content ? { ending: content } : { receipt: content }),
});

const byName = (one: ReportedUpload, other: ReportedUpload): number =>
  one.fileName.localeCompare(other.fileName) || one.workflowId.localeCompare(other.workflowId);
