import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { S3Bucket } from '../../sandbox/object-store.js';
import type { FetchInput } from '../../src/contract/results.js';
import { newBucket } from '../support/bucket.js';
import { callsOf, failureOf, type JobOptions, newJob, run } from '../support/job.js';
import { packageOf, rawZip } from '../support/packages.js';
import { configuration } from '../support/sandbox-client.js';
import { temporaryFolder } from '../support/temporary-folder.js';

describe('fetchResults', () => {
  let s3: S3Bucket;
  beforeAll(async () => {
    s3 = await newBucket();
  });

  /** Uploads a file, starts an execution, and waits for its end. */
  async function finished(options: Partial<JobOptions> = {}) {
    const root = await temporaryFolder();
    const job = await newJob({
      s3,
      stepMs: 0,
      ...options,
      dependencies: {
        results: { roots: [{ text: root, path: root }], s3: async () => expect.fail('no S3 access') },
        ...options.dependencies,
      },
    });
    const { executionId } = await run(job.activities.startExecution, await job.stored());
    const input: FetchInput = {
      profile: 'default',
      fileName: 'pk.csv',
      sha256: (await job.stored()).sha256,
      label: 'day 1',
      executionId,
      configuration: configuration as FetchInput['configuration'],
      results: pathToFileURL(join(root, '{label}.zip')).href.replace('%7B', '{').replace('%7D', '}'),
    };
    return {
      job,
      root,
      executionId,
      fetch: (changes: Partial<FetchInput> = {}) =>
        run(job.activities.fetchResults, { ...input, ...changes }),
    };
  }

  it.each([
    ['version 1', { api: 'v1' }],
    ['the clients of version 3', { api: 'v3', dialect: 'r' }],
    ['the older SDK', { api: 'v3', dialect: 's' }],
    ['the generated SDK', { api: 'v3', dialect: 'g' }],
    ['camelCase everywhere', { api: 'v3', dialect: 'f' }],
    ['no envelope', { api: 'v3', dialect: 'bare' }],
  ] as const)('stores what S3 has, with %s', async (_name, sandboxOptions) => {
    const { job, root, executionId, fetch } = await finished(sandboxOptions);

    const stored = await fetch();

    const bytes = await readFile(join(root, 'day 1.zip'));
    expect(bytes).toEqual(await job.sandbox.storedResults(executionId));
    expect(stored).toMatchObject({
      sizeBytes: bytes.length,
      inputVerified: true,
      configurationVerified: true,
      ran: { attempts: 1 },
    });
  });

  const routes = { v1: ['status', 'results'], v3: ['package', 'downloadUrl', 'results'] } as const;
  describe.each(['v1', 'v3'] as const)('with faults in version %s', (api) => {
    it('resumes a download that drops, and replaces links that have expired', async () => {
      const { job, root, executionId, fetch } = await finished({ api });
      job.sandbox.faults.add({ route: 'results', expire: 'policy' });
      job.sandbox.faults.add({ route: 'results', cut: 700 });
      job.sandbox.faults.add({ route: 'results', expire: 'policy' });
      job.sandbox.faults.add({ route: 'results', cut: 50 });

      await fetch();

      expect(job.sandbox.faults.waiting).toEqual([]);
      expect(await readFile(join(root, 'day 1.zip'))).toEqual(await job.sandbox.storedResults(executionId));
    });

    it.each([
      ...routes[api].flatMap(
        (route) =>
          [
            [`a server error of ${route}`, { route, status: 503 }, /^(API|S3)_UNAVAILABLE$/],
            [`no response of ${route}`, { route, cut: 'before' }, /^(API|S3)_UNREACHABLE$/],
            [
              `a page of a proxy instead of ${route}`,
              { route, response: 'html' },
              /^(API_ANSWER_BROKEN|RESULTS_DAMAGED)$/,
            ],
          ] as const,
      ),
      ['links that have always expired', { route: 'results', expire: 'policy' }, /^RESULTS_UNAVAILABLE$/],
      ['a package without its end', { route: 'results', response: 'truncated' }, /^RESULTS_DAMAGED$/],
      ['a package with a changed byte', { route: 'results', corrupt: true }, /^RESULTS_DAMAGED$/],
      ['a package that S3 lacks', { route: 'results', status: 404 }, /^RESULTS_UNAVAILABLE$/],
    ] as const)('has a code for %s, and leaves nothing', async (_what, fault, code) => {
      const { job, root, fetch } = await finished({ api });
      job.sandbox.faults.add({ ...fault, times: 'always' });

      const failure = await failureOf(job, fetch());

      expect('type' in failure && failure.type).toMatch(code);
      expect(await readdir(root)).toEqual([]);
      job.sandbox.faults.clear();
      await fetch();
    });

    it('does not retry a package that could do harm', async () => {
      const evil = rawZip([{ name: '../../x', data: Buffer.from('x'), crc32: 2363233923 }]);
      const { job, root, fetch } = await finished({ api, changeResults: () => evil });

      expect(await failureOf(job, fetch())).toMatchObject({ type: 'RESULTS_UNSAFE', nonRetryable: true });
      expect(await readdir(root)).toEqual([]);
    });

    it('refuses the package of another execution', { tags: ['REQ-15'] }, async () => {
      const { job, fetch } = await finished({ api, changeResults: () => packageOf() });

      expect(await failureOf(job, fetch())).toMatchObject({ type: 'RESULTS_MISMATCHED', nonRetryable: true });
    });

    it('reports an execution that is at work: retried, or final if only what is done is wanted', async () => {
      const { job, fetch } = await finished({ api, stepMs: 60_000 });

      const happened = {
        type: 'RESULTS_UNAVAILABLE',
        message: expect.stringMatching(/its status is "(queuing|queued)"/),
      };
      expect(await failureOf(job, fetch())).toMatchObject({ ...happened, nonRetryable: false });
      expect(await failureOf(job, fetch({ onlyIfDone: true }))).toMatchObject({
        ...happened,
        nonRetryable: true,
      });
    });

    it('writes nowhere unless the worker is allowed to', { tags: ['REQ-25'] }, async () => {
      const { job, fetch } = await finished({
        api,
        dependencies: { results: { roots: [], s3: async () => expect.fail() } },
      });

      expect(await failureOf(job, fetch())).toMatchObject({
        type: 'RESULTS_NOT_ALLOWED',
        message: expect.stringContaining('APLOS_UPLOAD_RESULTS_ROOTS is not set'),
        nonRetryable: true,
      });
    });
  });

  it('replaces a link that has really expired', async () => {
    const { job, root, executionId, fetch } = await finished({ api: 'v3', downloadSeconds: 1 });
    job.sandbox.faults.add({ route: 'results', delayMs: 2_500 });

    const fetching = fetch();
    await expect.poll(() => callsOf(job, 'results')).toBe(1);
    job.sandbox.change({ downloadSeconds: 3_600 }); // of the next link
    await fetching;

    expect(job.sandbox.calls.filter(({ route }) => route === 'results').map(({ status }) => status)).toEqual([
      403, 200,
    ]);
    expect(await readFile(join(root, 'day 1.zip'))).toEqual(await job.sandbox.storedResults(executionId));
  });

  it('has a code of its own for a subscription that may not download', async () => {
    const { job, fetch } = await finished({ api: 'v3' });
    job.sandbox.change({ subscription: 'restricted' });

    expect(await failureOf(job, fetch())).toMatchObject({ type: 'RESULTS_FORBIDDEN', nonRetryable: true });
  });

  it('reports an execution that ended without results', async () => {
    const { job, fetch } = await finished({ api: 'v3' });
    const { executionId } = await run(job.activities.startExecution, {
      ...(await job.stored()),
      execution: {
        configuration: { ...configuration, columns: { ...configuration.columns, time: 'missing' } },
      },
    });

    expect(await failureOf(job, fetch({ executionId }))).toMatchObject({
      type: 'RESULTS_UNAVAILABLE',
      message: expect.stringMatching(/its status is "failed" \(The file has no column "missing"/),
      nonRetryable: true,
    });
  });
});
