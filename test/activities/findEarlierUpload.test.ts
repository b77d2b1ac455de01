import { ApplicationFailure } from '@temporalio/common';
import { beforeAll, describe, expect, it } from 'vitest';
import type { S3Bucket } from '../../sandbox/object-store.js';
import type { Receipt } from '../../src/contract/receipt.js';
import type { UploadRequest } from '../../src/contract/request.js';
import { newBucket } from '../support/bucket.js';
import { callsOf, failureOf, type JobOptions, newJob, run } from '../support/job.js';
import { configuration } from '../support/sandbox-client.js';

let s3: S3Bucket;

beforeAll(async () => {
  s3 = await newBucket();
});

/** Does the work of a request, and returns a function that asks another worker whether it was done. */
async function done(options: Partial<JobOptions> = {}) {
  const job = await newJob({ s3, ask: { executions: [{ label: 'day 1', configuration }] }, ...options });
  const input = await job.stored();
  const started = job.request.executions.length > 0 ? [await run(job.activities.startExecution, input)] : [];
  const { profile, fileName, source } = job.request;
  const receipt = {
    ...input.file,
    runId: 'r0',
    profile,
    fileName,
    source,
    sha256: input.sha256,
    executions: started,
    steps: [],
    md5: 'from the receipt',
  };
  const request = { ...job.request, repeatOf: 'r0', expect: { sha256: input.sha256 } };
  const find = async (
    changes: Partial<UploadRequest> = {},
    { stored }: { stored: unknown } = { stored: receipt },
  ) => {
    const worker = job.newWorker({ readReceipt: async (runId) => (runId === 'r0' ? stored : undefined) });
    const result = await run(worker.findEarlierUpload, { request: { ...request, ...changes } });
    return result.receipt;
  };
  return { job, receipt, request, find, faults: job.sandbox.faults };
}

describe('findEarlierUpload', () => {
  it('returns the receipt of the run, with executions that were found and their present status', async () => {
    const { job, receipt, find } = await done({ stepMs: 0 });
    const [started] = receipt.executions;
    expect(await find()).toEqual({
      ...receipt,
      executions: [{ ...started, ran: expect.anything(), status: 'complete', origin: 'found' }],
    });
    expect(callsOf(job, 'presign', 'start', 'status')).toBe(2); // those of the earlier run
  });

  it('returns the label of the request, which may differ from that of the run', async () => {
    const { find } = await done();
    const found = await find({ executions: [{ label: 'renamed', configuration }] });
    expect(found?.executions).toMatchObject([{ label: 'renamed' }]);
  });

  it('finds an execution that the list does not show yet', async () => {
    const { faults, find } = await done();
    faults.add({ route: 'list', lagMs: 60_000, times: 'always' });
    expect((await find())?.executions).toMatchObject([{ origin: 'found' }]);
  });

  it('finds an execution if Aplos offers no list', async () => {
    const { faults, find } = await done();
    faults.add({ route: 'list', status: 403, times: 'always' });
    expect((await find())?.executions).toMatchObject([{ origin: 'found' }]);
  });

  it('returns nothing if Aplos no longer has an execution', async () => {
    const { faults, find } = await done();
    faults.add({ route: 'list', lagMs: 60_000, times: 'always' });
    faults.add({ route: 'status', status: 404, times: 'always' });
    expect(await find()).toBeUndefined();
  });

  it.each<[what: string, changes: Partial<UploadRequest>, stored: (receipt: object) => unknown]>([
    ['there is no such run', { repeatOf: 'r1' }, (receipt) => receipt],
    ['the request names none', { repeatOf: undefined }, (receipt) => receipt],
    ['its receipt is unreadable', {}, () => undefined],
    ['its receipt is something else', {}, () => ({ runId: 'r0', executions: 7 })],
    ['it had another file name', { fileName: 'other.csv' }, (receipt) => receipt],
    ['it had another account', {}, (receipt) => ({ ...receipt, profile: 'other' })],
    ['it had other bytes', { expect: { sha256: 'b'.repeat(64) } }, (receipt) => receipt],
    [
      'it had another source, if the hash is unknown',
      { expect: undefined, source: 'file:///x.csv' },
      (receipt) => receipt,
    ],
    [
      'it had another host, if the hash is unknown',
      { expect: undefined, host: 'lab-7' },
      (receipt) => receipt,
    ],
    ['it did not start one of the executions', {}, (receipt) => ({ ...receipt, executions: [] })],
    [
      'it had another configuration',
      { executions: [{ label: 'day 1', configuration: { ...configuration, analysis: 2 } }] },
      (receipt) => receipt,
    ],
    [
      'the analysis is wanted again',
      { executions: [{ label: 'day 1', configuration, again: 'engine 3.2' }] },
      (receipt) => receipt,
    ],
    [
      'its execution has another tracking id at Aplos',
      {},
      (receipt) => ({
        ...receipt,
        executions: (receipt as Receipt).executions.map((each) => ({ ...each, executionId: 'none' })),
        sha256: 'c'.repeat(64),
      }),
    ],
  ])('returns nothing if %s', async (_what, changes, stored) => {
    const { receipt, find } = await done();
    expect(await find(changes, { stored: stored(receipt) })).toBeUndefined();
  });

  it('accepts the same source if the hash is unknown', async () => {
    const { find } = await done();
    expect(await find({ expect: undefined })).toBeDefined();
  });

  it.each(['list', 'status'] as const)('fails, to be retried, if the %s call fails', async (route) => {
    const { job, faults, find } = await done();
    if (route === 'status') faults.add({ route: 'list', lagMs: 60_000, times: 'always' });
    faults.add({ route, status: 503 });
    const failure = await failureOf(job, find());
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ nonRetryable: false, message: expect.stringContaining('pk.csv') });
  });

  it('reads the list once for many uploads', async () => {
    const { job, request, receipt } = await done();
    const worker = job.newWorker({ readReceipt: async () => receipt });
    const before = callsOf(job, 'list');
    await Promise.all(Array.from({ length: 50 }, () => run(worker.findEarlierUpload, { request })));
    expect(callsOf(job, 'list') - before).toBe(1);
  });

  describe('for an upload without executions', () => {
    const withoutExecutions = () => done({ ask: {} });

    it('returns the receipt with the present state of the file', async () => {
      const { receipt, find } = await withoutExecutions();
      expect(await find()).toEqual({ ...receipt, fileState: 'ready' });
    });

    it.each([
      ['Aplos does not know the file', { status: 404 }],
      ['Aplos does not offer the call', { status: 403 }],
    ])('returns nothing if %s', async (_what, fault) => {
      const { faults, find } = await withoutExecutions();
      faults.add({ route: 'fileState', times: 'always', ...fault });
      expect(await find()).toBeUndefined();
    });
  });
});
