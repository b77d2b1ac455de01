import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { CancelledFailure } from '@temporalio/common';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { S3Bucket } from '../../sandbox/object-store.js';
import type { ActivityDependencies } from '../../src/activities/dependencies.js';
import type { UploadHeartbeat } from '../../src/contract/receipt.js';
import type { S3Targets } from '../../src/s3/hosts.js';
import { newBucket } from '../support/bucket.js';
import { callsOf, environmentFor, failureOf, type Info, type Job, newJob, run } from '../support/job.js';
import { LOOPBACK } from '../support/posting.js';
import { configuration, table } from '../support/sandbox-client.js';
import { distinctBytes } from '../support/temporary-folder.js';

let s3: S3Bucket;

beforeAll(async () => {
  s3 = await newBucket();
});

const hashOf = (algorithm: string, content: Buffer | string) =>
  createHash(algorithm).update(content).digest('hex');
const uploadsSeen = ({ sandbox }: Job) => sandbox.files.flatMap(({ uploads }) => uploads);

/** Returns the start of a run, and properties of an attempt that was scheduled so many milliseconds later. */
function runStarted(agoMs: number): [runStartedAt: string, info: Info] {
  const scheduledMs = Date.now();
  const times = { scheduledTimestampMs: scheduledMs, currentAttemptScheduledTimestampMs: scheduledMs };
  return [new Date(scheduledMs - agoMs).toISOString(), times];
}

describe('createActivities', () => {
  it.each([
    ['no host', undefined],
    ['another host', 'lab-8'],
  ])('rejects a file on another host, without reading it, if the worker serves %s', async (_what, host) => {
    const job = await newJob({ s3, ask: { host: 'lab-7' }, dependencies: { host } });
    const presign = { file: { bucket: 'b', key: 'k' }, presigned: { url: '', fields: {}, expiresAt: '' } };
    for (const read of [job.presign, () => job.upload(presign)])
      await expect(read()).rejects.toMatchObject({
        type: 'HOST_MISMATCH',
        message: expect.stringContaining('pk.csv is on the host lab-7'),
      });
    expect(job.sandbox.calls).toEqual([]);
  });

  it.each<[code: string, targets: S3Targets, reason: string]>([
    ['S3_HOST_REFUSED', {}, 'not a host of Amazon S3'],
    [
      'S3_BUCKET_REFUSED',
      { hosts: LOOPBACK, buckets: ['other'] },
      'not one of APLOS_UPLOAD_S3_BUCKETS: other',
    ],
  ])(
    'fails with %s, and sends nothing, if the settings do not permit the target',
    async (code, s3Targets, reason) => {
      const job = await newJob({ s3, dependencies: { s3Targets } });
      await expect(job.upload(await job.presign())).rejects.toMatchObject({
        type: code,
        nonRetryable: true,
        message: expect.stringContaining(reason),
      });
      expect(uploadsSeen(job)).toEqual([]);
    },
  );

  it('stores a file in a bucket that the settings list', async () => {
    const job = await newJob({ s3, dependencies: { s3Targets: { hosts: LOOPBACK, buckets: [s3.bucket] } } });
    expect(await job.upload(await job.presign())).toMatchObject({ status: 204 });
  });

  it('stores a file byte for byte and starts its execution', async () => {
    const job = await newJob({
      s3,
      ask: { expect: { sizeBytes: table.length, sha256: hashOf('sha256', table) } },
    });
    const { sandbox } = job;
    const presign = await job.presign();
    expect(presign).toMatchObject({
      file: {
        fileId: sandbox.files[0]?.fileId,
        key: sandbox.files[0]?.key,
        bucket: sandbox.files[0]?.bucket,
      },
      presigned: { fields: sandbox.files[0]?.fields },
      sizeBytes: table.length,
    });
    const evidence = await job.upload(presign);
    expect(evidence).toMatchObject({
      status: 204,
      sizeBytes: table.length,
      md5: hashOf('md5', table),
      etag: hashOf('md5', table),
      sha256: hashOf('sha256', table),
    });
    expect(await job.confirm(presign.file, evidence)).toMatchObject({ fileState: 'ready', etagIsMd5: true });
    const start = {
      profile: 'default',
      fileName: 'pk.csv',
      file: presign.file,
      label: '#1',
      runStartedAt: new Date(0).toISOString(),
    };
    const configuration = {
      version: '1',
      columns: { time: 'time', unique_id: 'subject', concentration: {} },
    };
    const started = await run(job.activities.startExecution, {
      ...start,
      sha256: evidence.sha256,
      execution: { configuration },
    });
    expect(await sandbox.storedBytes(presign.file.fileId ?? '')).toEqual(Buffer.from(table));
    expect(uploadsSeen(job)[0]?.fields).toEqual(Object.entries(presign.presigned.fields));
    expect(sandbox.charges).toMatchObject([{ executionId: started.executionId, configuration }]);
  });

  it('stores a file and starts its execution if Aplos identifies the file by its S3 key', async () => {
    const job = await newJob({ s3, presignShape: 's3' });
    const presign = await job.presign();
    expect(presign.file).not.toHaveProperty('fileId');
    const evidence = await job.upload(presign);
    expect(await job.confirm(presign.file, evidence)).toMatchObject({
      fileState: 'unknown',
      etagIsMd5: true,
    });
    const stored = { ...(await job.stored()), file: presign.file };
    await run(job.activities.startExecution, stored);
    expect(job.sandbox.charges).toMatchObject([{ fileId: job.sandbox.files[0]?.fileId }]);
  });

  it('adds the timing and the number of the attempt to each result', async () => {
    const job = await newJob({ s3 });
    const { ran } = await run(
      job.activities.presignUpload,
      { request: job.request },
      environmentFor({ attempt: 3 }),
    );
    expect(ran.attempts).toBe(3);
    expect(Date.parse(ran.finishedAt)).toBeGreaterThanOrEqual(Date.parse(ran.startedAt));
    expect(ran.startedAt).toMatch(/Z$/);
  });
});

describe('checkRequest', () => {
  const checkWith = (activities: Job['activities']) => (input: unknown) => activities.checkRequest(input, 1);

  it('fills in the defaults', async () => {
    const { activities } = await newJob({ s3 });
    expect(await run(checkWith(activities), { source: 'file:///pk.csv' })).toMatchObject({
      fileName: 'pk.csv',
      profile: 'default',
    });
  });

  it.each<[unknown]>([[undefined], [null], [7], ['file:///pk.csv'], [[]], [{}], [{ request: null }]])(
    'rejects %j with an error that is not retried',
    async (input) => {
      const job = await newJob({ s3 });
      expect(await failureOf(job, run(checkWith(job.activities), input))).toMatchObject({
        type: 'REQUEST_INVALID',
        nonRetryable: true,
      });
    },
  );
});

describe('a file that differs from the one the sender saw', () => {
  it('is rejected before any call to Aplos if its size differs', async () => {
    const job = await newJob({ s3, ask: { expect: { sizeBytes: 1 } } });
    const failure = await failureOf(job, job.presign());
    expect(failure).toMatchObject({ type: 'FILE_NOT_AS_EXPECTED', nonRetryable: true });
    expect(failure.message).toContain(`its size is ${table.length} bytes instead of 1 bytes`);
    expect(job.sandbox.calls).toEqual([]);
  });

  it('is rejected before it is sent completely if its SHA-256 differs', async () => {
    const job = await newJob({ s3, ask: { expect: { sha256: 'a'.repeat(64) } } });
    const failure = await failureOf(job, job.upload(await job.presign()));
    expect(failure).toMatchObject({ type: 'FILE_NOT_AS_EXPECTED', nonRetryable: true });
    expect(failure.message).toContain(hashOf('sha256', table));
    expect(failure.message).toContain('a'.repeat(64));
    expect(uploadsSeen(job)).toEqual([]);
  });

  it('is rejected before any byte is sent if it was replaced after the presign', async () => {
    const job = await newJob({ s3, ask: { expect: { sizeBytes: table.length } } });
    const presign = await job.presign();
    await writeFile(job.path, 'a,b\n');
    expect(await failureOf(job, job.upload(presign))).toMatchObject({ type: 'FILE_NOT_AS_EXPECTED' });
    expect(uploadsSeen(job)).toEqual([]);
  });
});

describe('uploadFile', () => {
  const content = distinctBytes(24 * 1024 * 1024);

  it('reads the list of executions ahead, so that the start that follows does not', async () => {
    const job = await newJob({ s3 });
    const { file, presigned } = await job.presign();
    const [runStartedAt, info] = runStarted(3_600_000);
    const { sha256 } = await run(
      job.activities.uploadFile,
      { request: job.request, presigned, runStartedAt },
      environmentFor(info),
    );
    await expect.poll(() => callsOf(job, 'list')).toBe(1);
    const execution = { configuration };
    const input = {
      profile: 'default',
      fileName: 'pk.csv',
      file,
      sha256,
      label: '#1',
      execution,
      runStartedAt,
    };
    await run(job.activities.startExecution, input, environmentFor(info));
    expect(callsOf(job, 'list')).toBe(1);
    expect(job.sandbox.charges).toHaveLength(1);
  });

  it('succeeds if it cannot read the list ahead', async () => {
    const job = await newJob({ s3 });
    job.sandbox.faults.add({ route: 'list', status: 500, times: 'always' });
    const { presigned } = await job.presign();
    const [runStartedAt, info] = runStarted(1_000);
    const upload = { request: job.request, presigned, runStartedAt };
    const evidence = await run(job.activities.uploadFile, upload, environmentFor(info));
    await expect.poll(() => callsOf(job, 'list')).toBe(1);
    expect(evidence.status).toBe(204);
  });

  it('reads no list if no execution follows, or if the file is not sent completely', async () => {
    const executions = vi.fn<ActivityDependencies['executions']>();
    const job = await newJob({
      s3,
      ask: { expect: { sha256: 'a'.repeat(64) } },
      dependencies: { executions },
    });
    const { expect: _expected, ...request } = job.request;
    const { presigned } = await job.presign();
    const [runStartedAt, info] = runStarted(1_000);
    await run(job.activities.uploadFile, { request, presigned }, environmentFor(info));
    const other = { request: job.request, presigned, runStartedAt };
    await failureOf(job, run(job.activities.uploadFile, other, environmentFor(info)));
    expect(executions).not.toHaveBeenCalled();
  });

  it('heartbeats its progress, and stops immediately without storing anything if it is cancelled', async () => {
    const job = await newJob({ s3, content });
    job.sandbox.faults.add({ route: 'upload', hang: 1_000_000 });
    const environment = environmentFor();
    const heartbeats: UploadHeartbeat[] = [];
    environment.on('heartbeat', (heartbeat: UploadHeartbeat) => {
      heartbeats.push(heartbeat);
      if (heartbeat.bytesSent > 0 && uploadsSeen(job).length > 0) environment.cancel();
    });
    const failure = await failureOf(job, job.upload(await job.presign(), environment));
    expect(failure).toBeInstanceOf(CancelledFailure);
    expect(heartbeats.at(-1)?.bytesSent).toBeGreaterThan(0);
    expect(heartbeats.at(-1)?.bytesSent).toBeLessThan(content.length);
    expect(heartbeats.every(({ totalBytes }) => totalBytes === content.length)).toBe(true);
    expect(uploadsSeen(job)).toMatchObject([{ status: 0 }]);
    await expect(job.sandbox.storedBytes(job.sandbox.files[0]?.fileId ?? '')).rejects.toThrow();
  });

  it('sends nothing if it was cancelled before it began', async () => {
    const job = await newJob({ s3 });
    const environment = environmentFor();
    environment.cancel();
    const failure = await failureOf(job, job.upload(await job.presign(), environment));
    expect(failure).toBeInstanceOf(CancelledFailure);
    expect(callsOf(job, 'upload')).toBe(0);
  });

  it('fails with a retryable error if it makes no progress within the idle timeout', async () => {
    const job = await newJob({ s3, content, dependencies: { idleTimeoutMs: 2_000 } });
    job.sandbox.faults.add({ route: 'upload', hang: 1_000_000 });
    expect(await failureOf(job, job.upload(await job.presign()))).toMatchObject({
      type: 'S3_STALLED',
      nonRetryable: false,
    });
  });
});
