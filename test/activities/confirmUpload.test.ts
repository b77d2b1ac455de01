import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Blow } from '../../sandbox/sandbox.js';
import { type Seaweed, startSeaweed } from '../../sandbox/servers/seaweed.js';
import { callsOf, failureOf, type JobOptions, newJob } from '../support/job.js';
import { table } from '../support/sandbox-client.js';

let s3: Seaweed;

beforeAll(async () => {
  s3 = await startSeaweed();
});
afterAll(() => s3?.stop());

/** An upload that meets something, and what confirming it is asked for. */
async function uploaded(blow?: Blow, options: Partial<JobOptions> = {}) {
  const job = await newJob({ s3, ...options });
  if (blow) job.sandbox.faults.add({ route: 'upload', ...blow });
  const { file, ...place } = await job.presign();
  const evidence = await job.upload({ file, ...place });
  return { job, evidence, confirm: () => job.confirm(file, evidence) };
}

const TABLE_MD5 = createHash('md5').update(table).digest('hex');
const OTHER_SUM = 'd41d8cd98f00b204e9800998ecf8427e';

describe('an upload is confirmed', () => {
  it('where it was answered with 204, has our sum, and is a table', async () => {
    const { confirm } = await uploaded();
    expect(await confirm()).toMatchObject({ fileState: 'ready', etagIsMd5: true });
  });

  it('while the service is still converting it: executions are queued', async () => {
    const { confirm } = await uploaded(undefined, { conversionMs: 3_600_000 });
    expect(await confirm()).toMatchObject({ fileState: 'converting', etagIsMd5: true });
  });

  it.each<[what: string, headers: Record<string, string>]>([
    ['SSE-KMS', { etag: `"${OTHER_SUM}"`, 'x-amz-server-side-encryption': 'aws:kms' }],
    ['double SSE-KMS', { etag: `"${OTHER_SUM}"`, 'x-amz-server-side-encryption': 'aws:kms:dsse' }],
    ['something that is no MD5', { etag: `"${OTHER_SUM}-2"` }],
    ['no ETag', {}],
  ])('without proof where the ETag cannot be an MD5, as with %s', async (_what, headers) => {
    const { confirm } = await uploaded({ status: 204, effect: true, headers });
    expect(await confirm()).toMatchObject({ fileState: 'ready', etagIsMd5: false });
  });

  it.each([
    ['under SSE-S3', { etag: `"${TABLE_MD5}"`, 'x-amz-server-side-encryption': 'AES256' }],
    ['in upper case', { etag: `"${TABLE_MD5.toUpperCase()}"` }],
  ])('with proof where the ETag is the MD5 %s', async (_what, headers) => {
    const { confirm } = await uploaded({ status: 204, effect: true, headers });
    expect(await confirm()).toMatchObject({ etagIsMd5: true });
  });

  it.each([403, 404])('with its state unknown where that route is refused with %i', async (status) => {
    const { job, confirm } = await uploaded();
    job.sandbox.faults.add({ route: 'fileState', status, times: 'always' });
    expect(await confirm()).toMatchObject({ fileState: 'unknown', etagIsMd5: true });
  });
});

describe('an upload is not confirmed', () => {
  it.each([200, 201])('where it was answered with %i, though it was stored', async (status) => {
    const { job, confirm } = await uploaded({ status, effect: true });
    const failure = await failureOf(job, confirm());
    expect(failure).toMatchObject({
      type: 'UPLOAD_NOT_204',
      nonRetryable: true,
      details: [{ code: 'UPLOAD_NOT_204', remedy: 'final', status }],
    });
    expect(failure.message).toMatch(
      new RegExp(`^The upload of pk\\.csv was answered with ${status} instead of 204\\. Look up`),
    );
    expect(callsOf(job, 'fileState')).toBe(0);
  });

  it.each<[what: string, blow: Blow]>([
    ['changed on the way', { corrupt: true }],
    ['are said to be others', { etag: `"${OTHER_SUM}"` }],
  ])('where the bytes %s: both sums are told, and it is sent again', async (_what, blow) => {
    const { job, evidence, confirm } = await uploaded(blow);
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

  it('where the service cannot read it, in its words', async () => {
    const { job, confirm } = await uploaded(undefined, { content: 'this is no table' });
    const failure = await failureOf(job, confirm());
    expect(failure).toMatchObject({ type: 'FILE_INVALID', nonRetryable: true });
    expect(failure.message).toMatch(/^Aplos NCA cannot read pk\.csv as a table \(.+\)\. Correct the file/);
  });

  it('where the service says much of what is wrong, of which one line is kept', async () => {
    const { job, confirm } = await uploaded();
    const errors = Array.from({ length: 500 }, (_, line) => `Line ${line}:\nnot a number`);
    job.sandbox.faults.add({ route: 'fileState', status: 200, body: { workable_state: 'invalid', errors } });
    const { message } = await failureOf(job, confirm());
    expect(message).toContain('(Line 0: not a number; Line 1: not a number; ');
    expect(message.length).toBeLessThan(500);
  });

  it.each<[blow: Blow, type: string]>([
    [{ status: 503 }, 'API_UNAVAILABLE'],
    [{ status: 429 }, 'API_THROTTLED'],
    [{ answer: 'html' }, 'API_ANSWER_BROKEN'],
    [{ cut: 'after' }, 'API_UNREACHABLE'],
  ])('yet where its state cannot be had just now: %j', async (blow, type) => {
    const { job, confirm } = await uploaded();
    job.sandbox.faults.add({ route: 'fileState', ...blow });
    expect(await failureOf(job, confirm())).toMatchObject({ type, nonRetryable: false });
    expect(await confirm()).toMatchObject({ fileState: 'ready' });
  });
});
