import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { S3Bucket } from '../../sandbox/object-store.js';
import type { FaultAction, SandboxOptions } from '../../sandbox/sandbox.js';
import { DIALECTS } from '../../sandbox/v3/dialects.js';
import { executionFromFile } from '../../src/client/file-job.js';
import type { StartInput } from '../../src/contract/steps.js';
import { readConfiguration } from '../../src/files/json-file.js';
import { newBucket } from '../support/bucket.js';
import { callsOf, environmentFor, failureOf, type Info, type Job, newJob, run } from '../support/job.js';
import { configuration, table } from '../support/sandbox-client.js';

let s3: S3Bucket;

beforeAll(async () => {
  s3 = await newBucket();
});

/** Every version of the API, as each source describes it. */
const SERVICES: (readonly [name: string, options: SandboxOptions])[] = [
  ['version 1', { api: 'v1' }],
  ['version 1 with keys in camelCase', { api: 'v1', dialect: 'f' }],
  ...DIALECTS.map((dialect) => [`version 3 as in ${dialect}`, { api: 'v3', dialect }] as const),
];

const md5 = createHash('md5').update(table).digest('hex');
const chargesOf = ({ sandbox }: Job) => sandbox.charges.map(({ executionId }) => executionId);
const start = (job: Job, input: StartInput, info?: Info) =>
  run(job.newWorker().startExecution, input, environmentFor(info));

/** Faults that hide the response to a start that took effect. */
const LOST: FaultAction[] = [
  { cut: 'after' },
  { status: 504, effect: true },
  { response: 'truncated' },
  { status: 200, body: { ok: true }, effect: true },
];

describe.each(SERVICES)('the chain of %s', (_name, options) => {
  it('stores a file, confirms it and starts its execution', async () => {
    const job = await newJob({ s3, ...options });
    const presign = await job.presign();
    const evidence = await job.upload(presign);
    expect(evidence).toMatchObject({ status: 204, md5 });
    const confirmation = await job.confirm(presign.file, evidence);
    expect(confirmation).toMatchObject({ fileState: 'ready', etagIsMd5: true });
    if (options.api === 'v3')
      expect(confirmation).toMatchObject({ reportedSizeBytes: table.length, reportedChecksum: 'md5' });
    const input = {
      profile: 'default',
      fileName: 'pk.csv',
      file: presign.file,
      sha256: evidence.sha256,
      label: 'day 1',
      execution: { configuration, metaData: { STUDYID: 7 } },
      runStartedAt: new Date(0).toISOString(),
    };
    const started = await start(job, input);
    expect(started).toMatchObject({ origin: 'started' });
    expect(job.sandbox.charges).toMatchObject([
      {
        executionId: started.executionId,
        configuration,
        metaData: { STUDYID: 7 },
        trackingId: started.trackingId,
      },
    ]);
  });

  it('finds the work again under another label and another file id, with a worker that remembers nothing', async () => {
    const job = await newJob({ s3, ...options });
    const { executionId } = await start(job, await job.stored());
    const again = { ...(await job.stored()), label: 'another' };
    expect(again.file.fileId).not.toBe(job.sandbox.files[0]?.fileId);
    expect(await start(job, again)).toMatchObject({ executionId, origin: 'found' });
    expect(chargesOf(job)).toEqual([executionId]);
  });

  it.each(LOST)(
    'starts one execution although the response is lost: %j',
    { tags: ['REQ-12'] },
    async (fault) => {
      const job = await newJob({ s3, ...options });
      const input = await job.stored();
      job.sandbox.faults.add({ route: 'start', ...fault });
      expect(await start(job, input)).toMatchObject({ origin: 'found' });
      expect(chargesOf(job)).toHaveLength(1);
    },
  );
});

describe.each(DIALECTS)('version 3 as in %s', (dialect) => {
  it('finds an execution many pages back', async () => {
    const job = await newJob({ s3, api: 'v3', dialect, pageSize: 3 });
    const input = await job.stored();
    const first = await start(job, input);
    for (let version = 0; version < 7; version++)
      await start(job, {
        ...input,
        execution: { configuration: { ...configuration, version: `${version}` } },
      });
    expect(await start(job, input)).toMatchObject({ executionId: first.executionId, origin: 'found' });
    expect(job.sandbox.charges).toHaveLength(8);
  });

  it('reports why Aplos refuses what the subscription does not allow', async () => {
    const job = await newJob({ s3, api: 'v3', dialect, subscription: 'expired' });
    expect(await failureOf(job, job.presign())).toMatchObject({
      type: 'SUBSCRIPTION_EXPIRED',
      nonRetryable: true,
    });
    job.sandbox.change({ subscription: 'restricted' });
    const input = await job.stored();
    job.sandbox.change({ subscription: 'disabled' });
    expect(await failureOf(job, start(job, input))).toMatchObject({ type: 'SUBSCRIPTION_DISABLED' });
  });
});

describe('version 3', () => {
  const v3 = { api: 'v3' } as const;

  it.each(['fileState', 'list', 'start'] as const)(
    'renews a token that is refused with 401 on %s',
    async (route) => {
      const job = await newJob({ s3, ...v3, idTokenSeconds: 900 });
      job.sandbox.faults.add({ route, expire: 'token' });
      const presign = await job.presign();
      await job.confirm(presign.file, await job.upload(presign));
      expect(await start(job, await job.stored())).toMatchObject({ origin: 'started' });
      expect(job.sandbox.calls.filter((call) => call.route === route && call.status === 401)).toHaveLength(1);
      expect(job.sandbox.charges).toHaveLength(1);
    },
  );

  it('accepts a throttled execution once, and reports its delay', async () => {
    const job = await newJob({ s3, ...v3, maxPerHour: 0, throttleMs: 90_000 });
    const input = await job.stored();
    expect(await start(job, input)).toMatchObject({
      status: 'throttled',
      delaySeconds: 90,
      origin: 'started',
    });
    expect(await start(job, input)).toMatchObject({ status: 'throttled', origin: 'found' });
    expect(chargesOf(job)).toHaveLength(1);
  });

  it('waits if an execution is rejected because of a limit, and starts it once that no longer applies', async () => {
    const job = await newJob({ s3, ...v3, maxPerDay: 0 });
    const input = await job.stored();
    const failure = await failureOf(job, start(job, input));
    expect(failure).toMatchObject({ type: 'EXECUTIONS_LIMITED', nonRetryable: false });
    expect(failure.message).toContain('Daily limit of 0 executions reached');
    job.sandbox.change({ maxPerDay: 10 });
    expect(await run(job.newWorker().startExecution, input)).toMatchObject({ origin: 'started' });
    expect(chargesOf(job)).toHaveLength(1);
  });

  it('retries a start that was refused with 429, although that left a rejected execution behind', async () => {
    const job = await newJob({ s3, ...v3, maxConcurrent: 0, maxQueued: 0 });
    const input = await job.stored();
    expect(await failureOf(job, start(job, input))).toMatchObject({
      type: 'EXECUTIONS_LIMITED',
      nonRetryable: false,
    });
    job.sandbox.change({ maxConcurrent: 5 });
    expect(await run(job.newWorker().startExecution, input)).toMatchObject({ origin: 'started' });
    expect(chargesOf(job)).toHaveLength(1);
  });

  it('reports the present status of an execution that is remembered', async () => {
    const job = await newJob({ s3, ...v3, pageSize: 1, stepMs: 0 });
    const input = await job.stored();
    const worker = job.newWorker();
    const { executionId } = await run(worker.startExecution, input);
    expect(await run(worker.startExecution, input)).toMatchObject({
      executionId,
      status: 'succeeded',
      origin: 'found',
    });
  });

  it('waits until Aplos has converted the file', async () => {
    const job = await newJob({ s3, ...v3, conversionMs: 3_600_000 });
    const presign = await job.presign();
    const evidence = await job.upload(presign);
    const failure = await failureOf(job, job.confirm(presign.file, evidence));
    expect(failure).toMatchObject({ type: 'FILE_NOT_READY', nonRetryable: false });
    expect(failure.message).toContain('the state "converting"');
  });

  it.each([
    ['size', { size: 1 }],
    ['MD5', { checksum: '0'.repeat(32) }],
    ['SHA-256 in base64', { checksum: Buffer.alloc(32).toString('base64') }],
  ])('uploads again if Aplos reports another %s', async (_what, reported) => {
    const job = await newJob({ s3, ...v3 });
    const presign = await job.presign();
    const evidence = await job.upload(presign);
    job.sandbox.faults.add({
      route: 'fileState',
      status: 200,
      body: { data: { state: 'ready', ...reported } },
    });
    expect(await failureOf(job, job.confirm(presign.file, evidence))).toMatchObject({
      type: 'UPLOAD_CORRUPTED',
      details: [expect.objectContaining({ remedy: 'presign-again' })],
    });
  });

  it('accepts a checksum of an unknown algorithm', async () => {
    const job = await newJob({ s3, ...v3 });
    const presign = await job.presign();
    const evidence = await job.upload(presign);
    const body = { data: { state: 'ready', size: null, checksum: 'crc32c:AAAAAA==' } };
    job.sandbox.faults.add({ route: 'fileState', status: 200, body });
    expect(await job.confirm(presign.file, evidence)).not.toHaveProperty('reportedChecksum');
  });

  it('refuses a section that the version cannot take before anything is presigned', async () => {
    const job = await newJob({ s3, api: 'v1' });
    const input = { request: job.request, sections: ['configuration', 'customPlots'] as const };
    expect(await failureOf(job, run(job.activities.presignUpload, input))).toMatchObject({
      type: 'SECTION_UNSUPPORTED',
      nonRetryable: true,
    });
    expect(callsOf(job, 'presign')).toBe(0);
  });
});

describe('a host that switches to version 3', () => {
  it('is noticed at whatever step comes next, and nothing is started twice', async () => {
    const job = await newJob({ s3, api: 'v1' });
    const worker = job.newWorker();
    const first = await job.stored();
    const started = await run(worker.startExecution, first);
    job.sandbox.change({ api: 'v3' });
    const presign = await run(worker.presignUpload, { request: job.request });
    const evidence = await run(worker.uploadFile, { request: job.request, presigned: presign.presigned });
    expect(
      await run(worker.confirmUpload, { request: job.request, file: presign.file, evidence }),
    ).toMatchObject({
      fileState: 'ready',
    });
    const execution = { configuration: { ...configuration, version: '2' } };
    expect(await run(worker.startExecution, { ...first, execution })).toMatchObject({ origin: 'started' });
    expect(await run(worker.startExecution, first)).toMatchObject({
      executionId: started.executionId,
      origin: 'found',
    });
    expect(job.sandbox.charges).toHaveLength(2);
  });

  it.each(DIALECTS)('as in %s does not make a new worker start anything again', async (dialect) => {
    const job = await newJob({ s3, api: 'v1', dialect });
    const { executionId } = await start(job, await job.stored());
    job.sandbox.change({ api: 'v3' });
    const again = await job.stored();
    expect(await start(job, again)).toMatchObject({ executionId, origin: 'found' });
    expect(chargesOf(job)).toEqual([executionId]);
  });
});

const cases =
  process.env.VENDOR_VALIDATIONS ??
  fileURLToPath(new URL('../../../shared/vendor-validations', import.meta.url));

describe.skipIf(!existsSync(cases))("the vendor's validation cases", () => {
  it.each(SERVICES)('go through %s unchanged', { tags: ['REQ-10'] }, async (_name, options) => {
    const folders = (await readdir(cases)).filter((name) => name.startsWith('test-'));
    expect(folders.length).toBeGreaterThan(0);
    for (const folder of folders) {
      const config = join(cases, folder, 'config.json');
      const job = await newJob({ s3, ...options, content: await readFile(join(cases, folder, 'input.csv')) });
      const { label: _, ...execution } = executionFromFile(
        config,
        await readConfiguration(config, config),
        undefined,
      );
      await start(job, { ...(await job.stored()), execution });
      const sent = JSON.parse(await readFile(config, 'utf8'));
      expect(job.sandbox.charges.map((charge) => charge.configuration)).toEqual([sent.configuration]);
      expect(await job.sandbox.storedBytes(job.sandbox.files[0]?.fileId ?? '')).toEqual(job.content);
    }
  });
});
