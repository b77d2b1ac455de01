import { describe, expect, it } from 'vitest';
import { collectUploads, type ReportSources } from '../../../src/cli/commands/report/collect.js';
import type { RunRecord } from '../../../src/cli/input/run-records.js';
import type { UploadClient, UploadSummary } from '../../../src/client.js';
import type { Ending } from '../../../src/contract/ending.js';
import type { Receipt } from '../../../src/contract/receipt.js';
import { batchReport, reportStatement } from '../../../src/records/batch-report.js';
import { runRecord } from '../../../src/records/receipt-file.js';
import { identityOf, recordName } from '../../../src/records/record-names.js';
import { reportPage } from '../../../src/records/report-page.js';
import { sha256Of } from '../../support/hashes.js';
import { anEnding, aReceipt } from '../../support/receipts.js';

const recordOf = (content: Receipt | Ending): RunRecord => ({
  file: recordName(identityOf(content)),
  bytes: runRecord(content, undefined),
  content,
});
const run = (changes: Partial<UploadSummary>): UploadSummary => ({
  workflowId: 'default:pk.csv',
  runId: 'r',
  state: 'done',
  fileName: 'pk.csv',
  batches: ['study-1'],
  executionIds: [],
  startedAt: new Date(0),
  closedAt: new Date(1_000),
  ...changes,
});
const execution = (executionId: string, origin: 'started' | 'found') => ({
  ...aReceipt().executions[0],
  label: executionId,
  executionId,
  origin,
});
const started = anEnding({
  workflowId: 'default:pk.csv',
  runId: 'failed',
  executions: [execution('e1', 'started')] as Ending['executions'],
});
const receipt = aReceipt({
  workflowId: 'default:pk.csv',
  runId: 'done',
  executions: [
    execution('e1', 'started'),
    execution('e2', 'started'),
    execution('e3', 'found'),
  ] as Receipt['executions'],
});

/** Collects from these sources, with a client that has the given receipts. */
const collect = (sources: Partial<ReportSources>, receipts: readonly Receipt[] = []) =>
  collectUploads({
    client: {
      result: async (_: string, runId?: string) => receipts.find((each) => each.runId === runId),
      resets: async () => [],
      status: async () => ({ failure: { code: 'FILE_INVALID', message: 'no table' } }),
    } as unknown as UploadClient,
    uploads: [],
    runs: [],
    records: [],
    createRecord: recordOf,
    ...sources,
  });

describe('a report', () => {
  it('names each run of an upload with its record, and counts what both started once', async () => {
    const runs = [
      run({ runId: 'done', closedAt: new Date(3_000) }),
      run({ runId: 'failed', state: 'failed' }),
    ];
    const records = [receipt, started].map(recordOf);
    const { uploads } = await collect({ uploads: runs.slice(0, 1), runs, records });
    expect(uploads).toMatchObject([
      {
        runId: 'done',
        state: 'done',
        record: { file: records[0]?.file, sha256: sha256Of(records[0]?.bytes ?? ''), writtenBy: 'worker' },
        earlierRuns: [
          { runId: 'failed', state: 'failed', failure: started.error, record: { file: records[1]?.file } },
        ],
      },
    ]);
    const report = batchReport('study-1', new Date(0), uploads);
    expect(report.totals).toMatchObject({ uploads: 1, executionsStarted: 2, executionsFound: 1 });
    expect(reportStatement(report).subject.map(({ name }) => name)).toEqual([
      records[1]?.file,
      records[0]?.file,
      'pk.csv',
    ]);
  });

  it('has the runs that Temporal no longer has, in their order', async () => {
    const repeated = aReceipt({
      ...receipt,
      runId: 'repeat',
      steps: receipt.steps.map((step) => ({ ...step, finishedAt: '2026-03-03T00:00:00.000Z' })),
    });
    const records = [repeated, started, receipt].map(recordOf);
    const { uploads, records: all } = await collect({ records });
    expect(uploads).toMatchObject([
      { runId: 'repeat', state: 'done', earlierRuns: [{ runId: 'done' }, { runId: 'failed' }] },
    ]);
    expect(all).toEqual(records);
  });

  it('has a replay after the run that was replayed, although the clock of its worker was late', async () => {
    const resets = [{ at: '2026-03-02T08:00:03.000Z', runId: 'failed', reason: 'fixed' }];
    const replayed = aReceipt({ ...receipt, resets });
    const { uploads } = await collect({ records: [replayed, started].map(recordOf) });
    expect(uploads).toMatchObject([{ runId: 'done', state: 'done', earlierRuns: [{ runId: 'failed' }] }]);
  });

  it('creates the receipt of a run that has no record, and says so', async () => {
    const upload = run({ runId: 'done' });
    const { uploads, records } = await collect({ uploads: [upload], runs: [upload] }, [receipt]);
    expect(uploads).toMatchObject([{ record: { file: recordOf(receipt).file, writtenBy: 'report' } }]);
    expect(records).toEqual([recordOf(receipt)]);
  });

  it('names terminated, failed and running uploads without a record, and the executions that Temporal lists', async () => {
    const each = [
      run({ workflowId: 'a', fileName: 'a.csv', state: 'terminated', executionIds: ['e1'] }),
      run({ workflowId: 'b', fileName: 'b.csv', state: 'failed' }),
      run({ workflowId: 'c', fileName: 'c.csv', state: 'running', errorCode: 'S3_UNREACHABLE' }),
    ];
    const { uploads, records } = await collect({ uploads: each, runs: each });
    expect(records).toEqual([]);
    expect(uploads).toEqual([
      expect.objectContaining({ fileName: 'a.csv', state: 'terminated', executionIds: ['e1'] }),
      expect.objectContaining({ fileName: 'b.csv', failure: { code: 'FILE_INVALID', message: 'no table' } }),
      { workflowId: 'c', fileName: 'c.csv', runId: 'r', state: 'running' },
    ]);
  });

  it('is a page that shows failed runs before a replay, and the executions of all runs', async () => {
    const { uploads } = await collect({ records: [receipt, started].map(recordOf) });
    const page = reportPage(batchReport('study-1', new Date(0), uploads));
    expect(page).toContain('Earlier runs, which were replayed or repeated');
    for (const text of ['e1', 'e2', 'e3', 'FILE_INVALID', recordOf(started).file])
      expect(page).toContain(text);
  });
});
