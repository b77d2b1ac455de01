import { beforeAll, describe, expect, it } from 'vitest';
import type { S3Bucket } from '../../sandbox/object-store.js';
import type { Fault } from '../../sandbox/sandbox.js';
import { type ErrorCode, errorTable } from '../../src/contract/errors.js';
import { newBucket } from '../support/bucket.js';
import { environmentFor, failureOf, type Job, type JobOptions, newJob, run } from '../support/job.js';

let s3: S3Bucket;

beforeAll(async () => {
  s3 = await newBucket();
});

const presign = (job: Job) => job.presign();
const upload = async (job: Job) => job.upload(await job.presign());
const confirm = async (job: Job) => {
  const presigned = await job.presign();
  return job.confirm(presigned.file, await job.upload(presigned));
};

const userWithoutOwnPassword = {
  userName: 'new@example.com',
  password: 'Sandbox-only-2',
  challenge: 'NEW_PASSWORD_REQUIRED',
};
const notAuthorized = { __type: 'NotAuthorizedException', message: 'Incorrect username or password.' };

const rows: [fault: Fault, work: (job: Job) => Promise<unknown>, code: ErrorCode][] = [
  [{ route: 'discovery', response: 'html', times: 2 }, presign, 'API_ANSWER_UNEXPECTED'],
  [{ route: 'discovery', status: 503 }, presign, 'API_UNAVAILABLE'],
  [{ route: 'login', status: 400, body: notAuthorized }, presign, 'LOGIN_REFUSED'],
  [{ route: 'login', status: 400 }, presign, 'LOGIN_THROTTLED'],
  [{ route: 'login', cut: 'after' }, presign, 'LOGIN_UNAVAILABLE'],
  [{ route: 'login', response: 'truncated' }, presign, 'LOGIN_UNAVAILABLE'],
  [{ route: 'presign', status: 401, times: 2 }, presign, 'API_TOKEN_REFUSED'],
  [{ route: 'presign', status: 403, times: 2 }, presign, 'API_FORBIDDEN'],
  [{ route: 'presign', status: 404 }, presign, 'API_NOT_FOUND'],
  [{ route: 'presign', status: 413 }, presign, 'API_TOO_LARGE'],
  [{ route: 'presign', status: 400 }, presign, 'API_REFUSED'],
  [{ route: 'presign', status: 429 }, presign, 'API_THROTTLED'],
  [{ route: 'presign', status: 502 }, presign, 'API_UNAVAILABLE'],
  [{ route: 'presign', cut: 'before' }, presign, 'API_UNREACHABLE'],
  [{ route: 'presign', response: 'truncated' }, presign, 'API_ANSWER_BROKEN'],
  [{ route: 'presign', response: 'other-shape' }, presign, 'API_ANSWER_UNEXPECTED'],
  [{ route: 'presign', expire: 'policy' }, upload, 'S3_EXPIRED'],
  [{ route: 'presign', expire: 'token' }, upload, 'S3_EXPIRED'],
  [{ route: 'upload', expire: 'token' }, upload, 'S3_EXPIRED'],
  [{ route: 'upload', status: 403 }, upload, 'S3_ACCESS_DENIED'],
  [{ route: 'upload', status: 301 }, upload, 'S3_REDIRECTED'],
  [{ route: 'upload', status: 503 }, upload, 'S3_UNAVAILABLE'],
  [{ route: 'upload', cut: 'after' }, upload, 'S3_UNREACHABLE'],
  [{ route: 'upload', corrupt: true }, confirm, 'UPLOAD_CORRUPTED'],
  [{ route: 'upload', status: 200, effect: true }, confirm, 'UPLOAD_NOT_204'],
  [{ route: 'fileState', status: 500 }, confirm, 'API_UNAVAILABLE'],
];

describe('a failed activity', () => {
  it.each(rows)(
    'after %j in %o has an error code as its type, and is retryable only if the table says so',
    async (fault, work, code) => {
      const job = await newJob({ s3 });
      job.sandbox.faults.add(fault);
      const failure = await failureOf(job, work(job));
      const { remedy: inTable, action } = errorTable[code];
      const remedy = inTable === 'retry-briefly' ? 'retry' : inTable; // this step has just begun
      expect(failure).toMatchObject({
        type: code,
        nonRetryable: remedy !== 'retry',
        details: [{ code, remedy }],
      });
      expect(failure.message.split('\n')).toHaveLength(1);
      expect(failure.message).toContain('pk.csv');
      if (code !== 'API_ANSWER_UNEXPECTED') expect(failure.message.endsWith(` ${action}`)).toBe(true);
      expect(job.sandbox.charges).toEqual([]);
    },
  );

  it.each<[what: string, options: Partial<JobOptions>, code: ErrorCode]>([
    ['a missing file', { ask: { source: 'file:///nowhere/pk.csv' } }, 'FILE_NOT_FOUND'],
    ['an empty file', { content: '' }, 'FILE_EMPTY'],
    ['a file of another type', { fileName: 'pk.pdf' }, 'FILE_TYPE_UNSUPPORTED'],
    ['a source of another kind', { ask: { source: 'https://example.com/pk.csv' } }, 'SOURCE_UNSUPPORTED'],
    [
      'a file outside the roots',
      { dependencies: { sources: { roots: ['/nowhere'] } } },
      'FILE_OUTSIDE_ROOTS',
    ],
    ['an unknown profile', { ask: { profile: 'other' } }, 'PROFILE_UNKNOWN'],
    ['an account with a login challenge', { users: [userWithoutOwnPassword] }, 'LOGIN_CHALLENGE'],
  ])('because of %s ends before Aplos is asked to presign', async (_what, options, code) => {
    const job = await newJob({ s3, ...options });
    expect(await failureOf(job, job.presign())).toMatchObject({ type: code, nonRetryable: true });
    expect(job.sandbox.files).toEqual([]);
  });

  it.each([
    ['5', 5_000],
    ['86400', 3_600_000],
    ['0', 1_000],
    ['Wed, 01 Jan 2025 00:00:00 GMT', 1_000],
    ['soon', 1_000],
  ])('is retried when Aplos asks for it, or else after a second: Retry-After %s', async (given, ms) => {
    const job = await newJob({ s3 });
    job.sandbox.faults.add({ route: 'presign', status: 503, headers: { 'Retry-After': given } });
    const failure = await failureOf(job, job.presign());
    expect(failure).toMatchObject({ type: 'API_UNAVAILABLE', nonRetryable: false });
    expect('nextRetryDelay' in failure ? failure.nextRetryDelay : 'none').toBe(ms);
  });

  it.each([
    ['its first', 1, 0, 1_000],
    ['its fifth', 5, 60_000, 16_000],
    ['its thirtieth', 30, 3_600_000, 300_000],
    ['its thirtieth, after short waits,', 30, 58_000, 59_000],
    ['its second, after a long one,', 2, 7_200_000, 2_000],
  ])('is retried after %s attempt at a growing interval', async (_which, attempt, ageMs, ms) => {
    const job = await newJob({ s3 });
    job.sandbox.faults.add({ route: 'presign', status: 503 });
    const presigned = run(
      job.activities.presignUpload,
      { request: job.request },
      environmentFor({
        attempt,
        scheduledTimestampMs: 1_000,
        currentAttemptScheduledTimestampMs: 1_000 + ageMs,
      }),
    );
    expect(await failureOf(job, presigned)).toMatchObject({ nextRetryDelay: ms });
  });

  it('is a retryable INTERNAL failure that names the error if the error is unexpected', async () => {
    const api = () => {
      throw new TypeError('x is not a function');
    };
    const job = await newJob({ s3, dependencies: { api } });
    expect(await failureOf(job, job.presign())).toMatchObject({
      type: 'INTERNAL',
      nonRetryable: false,
      message: `pk.csv: TypeError: x is not a function. ${errorTable.INTERNAL.action}`,
    });
  });

  it('does not contain the token that Aplos echoes', async () => {
    const job = await newJob({ s3 });
    await job.presign();
    const [token = ''] = [...job.sandbox.secrets].filter((secret) => secret.startsWith('eyJ'));
    const body = { message: `'Bearer ${token}' not a valid key=value pair in Authorization header` };
    job.sandbox.faults.add({ route: 'presign', status: 403, body, times: 2 });
    const { message } = await failureOf(job, job.presign());
    expect(message).toContain("'Bearer [token]' not a valid key=value pair");
  });
});
