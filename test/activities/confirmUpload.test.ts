import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { S3Bucket } from '../../sandbox/object-store.js';
import type { FaultAction } from '../../sandbox/sandbox.js';
import { newBucket } from '../support/bucket.js';
import { callsOf, environmentFor, failureOf, type JobOptions, newJob, run } from '../support/job.js';
import { table } from '../support/sandbox-client.js';

let s3: S3Bucket;

beforeAll(async () => {
  s3 = await newBucket();
});

/** Uploads a file, with a fault if given, and returns a function that confirms the upload. */
async function uploaded(fault?: FaultAction, options: Partial<JobOptions> = {}) {
  const job = await newJob({ s3, ...options });
  if (fault) job.sandbox.faults.add({ route: 'upload', ...fault });
  const presign = await job.presign();
  const evidence = await job.upload(presign);
  return { job, evidence, file: presign.file, confirm: () => job.confirm(presign.file, evidence) };
}

const TABLE_MD5 = createHash('md5').update(table).digest('hex');
const OTHER_MD5 = 'd41d8cd98f00b204e9800998ecf8427e';

describe('confirmUpload', () => {
  it('accepts an upload with status 204 and a matching MD5 that Aplos can read as a table', {
    tags: ['REQ-08'],
  }, async () => {
    const { confirm } = await uploaded();
    expect(await confirm()).toMatchObject({ fileState: 'ready', etagIsMd5: true });
  });

  it('accepts an upload that Aplos is still converting', async () => {
    const { confirm } = await uploaded(undefined, { conversionMs: 3_600_000 });
    expect(await confirm()).toMatchObject({ fileState: 'converting', etagIsMd5: true });
  });

  it.each<[what: string, headers: Record<string, string>]>([
    ['SSE-KMS', { etag: `"${OTHER_MD5}"`, 'x-amz-server-side-encryption': 'aws:kms' }],
    ['double SSE-KMS', { etag: `"${OTHER_MD5}"`, 'x-amz-server-side-encryption': 'aws:kms:dsse' }],
    ['an ETag that is not an MD5', { etag: `"${OTHER_MD5}-2"` }],
    ['no ETag', {}],
  ])('reports that the ETag is not an MD5 with %s', async (_what, headers) => {
    const { confirm } = await uploaded({ status: 204, effect: true, headers });
    expect(await confirm()).toMatchObject({ fileState: 'ready', etagIsMd5: false });
  });

  it.each([
    ['under SSE-S3', { etag: `"${TABLE_MD5}"`, 'x-amz-server-side-encryption': 'AES256' }],
    ['in upper case', { etag: `"${TABLE_MD5.toUpperCase()}"` }],
  ])('reports that the ETag is an MD5 %s', async (_what, headers) => {
    const { confirm } = await uploaded({ status: 204, effect: true, headers });
    expect(await confirm()).toMatchObject({ etagIsMd5: true });
  });

  it.each([403, 404])(
    'reports the file state as unknown if Aplos refuses that call with %i',
    async (status) => {
      const { job, confirm } = await uploaded();
      job.sandbox.faults.add({ route: 'fileState', status, times: 'always' });
      expect(await confirm()).toMatchObject({ fileState: 'unknown', etagIsMd5: true });
    },
  );

  it.each([200, 201])(
    'rejects status %i, although the file is stored',
    { tags: ['REQ-08'] },
    async (status) => {
      const { job, confirm } = await uploaded({ status, effect: true });
      const failure = await failureOf(job, confirm());
      expect(failure).toMatchObject({
        type: 'UPLOAD_NOT_204',
        nonRetryable: true,
        details: [{ code: 'UPLOAD_NOT_204', remedy: 'final', status }],
      });
      expect(failure.message).toMatch(
        new RegExp(`^S3 responded to the upload of pk\\.csv with status ${status} instead of 204\\. Look up`),
      );
      expect(callsOf(job, 'fileState')).toBe(0);
    },
  );

  it.each<[what: string, fault: FaultAction]>([
    ['are changed in transit', { corrupt: true }],
    ['have another MD5 according to S3', { etag: `"${OTHER_MD5}"` }],
  ])('reports both MD5s, and requests another upload, if the bytes %s', async (_what, fault) => {
    const { job, evidence, confirm } = await uploaded(fault);
    expect(evidence.etag).not.toBe(evidence.md5);
    const failure = await failureOf(job, confirm());
    expect(failure).toMatchObject({
      type: 'UPLOAD_CORRUPTED',
      nonRetryable: true,
      details: [
        { code: 'UPLOAD_CORRUPTED', remedy: 'presign-again', md5: evidence.md5, etag: evidence.etag },
      ],
    });
    expect(failure.message).toContain(`with MD5 ${evidence.etag}, but ${evidence.md5} was sent`);
    expect(callsOf(job, 'fileState')).toBe(0);
  });

  it('rejects a file that Aplos cannot read, with the reason that Aplos gives', {
    tags: ['REQ-09'],
  }, async () => {
    const { job, confirm } = await uploaded(undefined, { content: 'this is no table' });
    const failure = await failureOf(job, confirm());
    expect(failure).toMatchObject({ type: 'FILE_INVALID', nonRetryable: true });
    expect(failure.message).toMatch(/^Aplos NCA cannot read pk\.csv as a table \(.+\)\. Correct the file/);
  });

  it('shortens a long reason to one line', async () => {
    const { job, confirm } = await uploaded();
    const errors = Array.from({ length: 500 }, (_, line) => `Line ${line}:\nnot a number`);
    job.sandbox.faults.add({ route: 'fileState', status: 200, body: { workable_state: 'invalid', errors } });
    const { message } = await failureOf(job, confirm());
    expect(message).toContain('(Line 0: not a number; Line 1: not a number; ');
    expect(message.length).toBeLessThan(500);
  });

  it.each<[fault: FaultAction, type: string]>([
    [{ status: 503 }, 'API_UNAVAILABLE'],
    [{ status: 429 }, 'API_THROTTLED'],
    [{ response: 'html' }, 'API_ANSWER_BROKEN'],
    [{ cut: 'after' }, 'API_UNREACHABLE'],
  ])('fails with a retryable error if the file state is temporarily unavailable: %j', async (fault, type) => {
    const { job, confirm } = await uploaded();
    job.sandbox.faults.add({ route: 'fileState', ...fault });
    expect(await failureOf(job, confirm())).toMatchObject({ type, nonRetryable: false });
    expect(await confirm()).toMatchObject({ fileState: 'ready' });
  });
});

describe('confirmUpload as a local activity', () => {
  const local = () => environmentFor({ isLocal: true });

  it('confirms an upload', async () => {
    const { job, file, evidence } = await uploaded();
    expect(
      await run(job.activities.confirmUpload, { request: job.request, file, evidence }, local()),
    ).toMatchObject({
      fileState: 'ready',
      ran: { attempts: 1 },
    });
  });

  it('fails without a call for a while after Aplos did not respond, so that it does not occupy workflow tasks', async () => {
    const { job, file, evidence, confirm } = await uploaded();
    const confirmLocally = () =>
      run(job.activities.confirmUpload, { request: job.request, file, evidence }, local());
    job.sandbox.faults.add({ route: 'fileState', status: 503 });
    expect(await failureOf(job, confirmLocally())).toMatchObject({ type: 'API_UNAVAILABLE' });
    expect(await failureOf(job, confirmLocally())).toMatchObject({
      type: 'API_UNAVAILABLE',
      message: expect.stringContaining('pk.csv is not checked yet'),
    });
    expect(callsOf(job, 'fileState')).toBe(1);
    expect(await confirm()).toMatchObject({ fileState: 'ready' });
    expect(callsOf(job, 'fileState')).toBe(2);
  });

  it('continues to confirm other files after one that Aplos cannot read', async () => {
    const { job, file, evidence } = await uploaded(undefined, { content: 'not a table' });
    const confirmLocally = () =>
      run(job.activities.confirmUpload, { request: job.request, file, evidence }, local());
    for (let times = 1; times <= 2; times++)
      expect(await failureOf(job, confirmLocally())).toMatchObject({ type: 'FILE_INVALID' });
    expect(callsOf(job, 'fileState')).toBe(2);
  });
});
