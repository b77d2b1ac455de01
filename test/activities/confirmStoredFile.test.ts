import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { S3Bucket } from '../../sandbox/object-store.js';
import type { FileRequest } from '../../src/contract/steps.js';
import type { StoredFileRecord } from '../../src/temporal/stored-files.js';
import { newBucket } from '../support/bucket.js';
import { callsOf, failureOf, type JobOptions, newJob, run } from '../support/job.js';
import { table } from '../support/sandbox-client.js';

let s3: S3Bucket;

beforeAll(async () => {
  s3 = await newBucket();
});

const storedBy = { workflowId: 'w0', runId: 'r0' };
const md5 = createHash('md5').update(table).digest('hex');

/** Uploads a file, and returns a function that confirms it for another run. */
async function stored(options: Partial<JobOptions> = {}) {
  const job = await newJob({ s3, ...options });
  const { file, sha256, profile, fileName } = await job.stored();
  const record: StoredFileRecord = {
    run: storedBy,
    profile,
    fileName,
    file,
    sha256,
    sizeBytes: table.length,
    md5,
  };
  const request: FileRequest = {
    ...job.request,
    source: `aplos:file/${file.fileId}`,
    expect: { sha256 },
    storedBy,
  };
  const confirm = (changes: Partial<FileRequest> = {}, read: StoredFileRecord | undefined = record) =>
    run(job.newWorker({ readStoredFile: async () => read }).confirmStoredFile, {
      request: { ...request, ...changes },
      sections: ['configuration'],
    });
  return { job, file, sha256, record, confirm };
}

describe('confirmStoredFile', () => {
  it.each(['v1', 'v3'] as const)(
    'accepts a file that a run has stored, with version %s of the API',
    async (api) => {
      const { file, sha256, confirm } = await stored({ api });
      expect(await confirm()).toMatchObject({
        file,
        sha256,
        md5,
        sizeBytes: table.length,
        fileState: 'ready',
        contentProof: 'run',
        storedBy,
      });
    },
  );

  it.each<[what: string, change: Partial<StoredFileRecord>]>([
    ['other bytes', { sha256: 'f'.repeat(64) }],
    ['another name', { fileName: 'other.csv' }],
    ['another file', { file: { fileId: 'other' } }],
    ['a file without an ID', { file: { bucket: 'b', key: 'k' } }],
    ['a file of another account', { profile: 'other' }],
  ])('refuses a file if the run that is named has stored %s', async (_what, change) => {
    const { job, record, confirm } = await stored();
    const failure = await failureOf(job, confirm({}, { ...record, ...change }));
    expect(failure).toMatchObject({ type: 'FILE_UNVERIFIED', nonRetryable: true });
  });

  it('refuses a file that no run is known to have stored, unless Aplos reports its SHA-256', async () => {
    const { job, confirm, sha256 } = await stored({ api: 'v3' });
    const unnamed = { storedBy: undefined };
    expect(await failureOf(job, confirm(unnamed))).toMatchObject({ type: 'FILE_UNVERIFIED' });
    const body = { success: true, statusCode: 200, data: { id: 'f', state: 'ready', checksum: sha256 } };
    job.sandbox.faults.add({ route: 'fileState', status: 200, body: JSON.stringify(body) });
    expect(await confirm(unnamed)).toMatchObject({ contentProof: 'checksum', reportedChecksum: 'sha256' });
  });

  it.each([
    ['size', { size: 1 }],
    ['MD5', { checksum: 'd41d8cd98f00b204e9800998ecf8427e' }],
    ['SHA-256', { checksum: 'f'.repeat(64) }],
  ])('refuses a file if Aplos reports another %s than that run', async (_what, facts) => {
    const { job, confirm } = await stored({ api: 'v3' });
    const body = { success: true, statusCode: 200, data: { id: 'f', state: 'ready', ...facts } };
    job.sandbox.faults.add({ route: 'fileState', status: 200, body: JSON.stringify(body) });
    expect(await failureOf(job, confirm())).toMatchObject({
      type: 'FILE_NOT_AS_EXPECTED',
      nonRetryable: true,
    });
  });

  it('refuses a file that version 3 does not know, or reports as deleted', async () => {
    const { job, confirm } = await stored({ api: 'v3' });
    for (const status of [404, 410]) {
      job.sandbox.faults.add({ route: 'fileState', status });
      expect(await failureOf(job, confirm())).toMatchObject({ type: 'FILE_NOT_STORED', nonRetryable: true });
    }
  });

  it('accepts a file in version 1 although Aplos refuses to report its state', async () => {
    const { job, confirm } = await stored();
    job.sandbox.faults.add({ route: 'fileState', status: 403, times: 'always' });
    expect(await confirm()).toMatchObject({ fileState: 'unknown', contentProof: 'run' });
  });

  it('waits for a file that is being converted, and refuses one that Aplos cannot read', async () => {
    const { job, confirm } = await stored({ api: 'v3', content: 'not a table' });
    expect(await failureOf(job, confirm())).toMatchObject({ type: 'FILE_INVALID' });
    const slow = await stored({ api: 'v3', conversionMs: 3_600_000 });
    expect(await failureOf(slow.job, slow.confirm())).toMatchObject({
      type: 'FILE_NOT_READY',
      nonRetryable: false,
    });
  });

  it('refuses a section that the version of the API does not take, before any other call', async () => {
    const { job, confirm } = await stored();
    const before = callsOf(job, 'fileState');
    const work = run(job.activities.confirmStoredFile, {
      request: { ...job.request, source: 'aplos:file/f', expect: { sha256: 'a'.repeat(64) } },
      sections: ['customPlots'],
    });
    expect(await failureOf(job, work)).toMatchObject({ type: 'SECTION_UNSUPPORTED' });
    expect(callsOf(job, 'fileState')).toBe(before);
    await confirm();
  });
});
