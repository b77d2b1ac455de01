import { CancelledFailure } from '@temporalio/common';
import { beforeAll, describe, expect, it } from 'vitest';
import type { S3Bucket } from '../../sandbox/object-store.js';
import type { FaultAction } from '../../sandbox/sandbox.js';
import type { StartInput } from '../../src/contract/steps.js';
import { newBucket } from '../support/bucket.js';
import {
  callsOf,
  environmentFor,
  failureOf,
  type Info,
  type Job,
  type JobOptions,
  newJob,
  run,
} from '../support/job.js';
import { configuration } from '../support/sandbox-client.js';

let s3: S3Bucket;

beforeAll(async () => {
  s3 = await newBucket();
});

/** Stores a file, and returns a function that starts an execution of it. */
async function readyToStart(options: Partial<JobOptions> = {}) {
  const job = await newJob({ s3, ...options });
  const input = await job.stored();
  const start = (changes: Partial<StartInput> = {}, info?: Info) =>
    run(job.activities.startExecution, { ...input, ...changes }, environmentFor(info));
  return { job, input, start, faults: job.sandbox.faults };
}

const chargesOf = ({ sandbox }: Job) => sandbox.charges.map(({ executionId }) => executionId);

/** Faults that hide the response to a start that took effect. */
const lostResponses: [fault: FaultAction][] = [
  [{ cut: 'after' }],
  [{ status: 504, effect: true }],
  [{ status: 500, effect: true }],
  [{ response: 'truncated' }],
  [{ status: 200, body: { ok: true }, effect: true }],
];

describe('startExecution', () => {
  it('starts one charged execution, without a search if there was no earlier attempt or run', async () => {
    const { job, start } = await readyToStart();
    const started = await start();
    expect(started).toMatchObject({ label: 'day 1', status: 'queuing', origin: 'started' });
    expect(job.sandbox.charges).toMatchObject([
      { executionId: started.executionId, trackingId: started.trackingId, configuration },
    ]);
    expect(started.trackingId).toMatch(/^w1#[0-9a-f]{16}$/);
    expect(callsOf(job, 'list')).toBe(0);
  });

  it('sends everything in the request, and the tracking id', async () => {
    const { job, start } = await readyToStart();
    const { trackingId } = await start({
      execution: { configuration, metaData: { study: 7 }, dataProcessing: ['a'], postProcessing: { b: 1 } },
    });
    expect(job.sandbox.charges).toMatchObject([
      {
        metaData: { study: 7, aplos_upload: { tracking_id: trackingId } },
        dataProcessing: ['a'],
        postProcessing: { b: 1 },
      },
    ]);
  });

  it('starts another execution for another label, configuration, file or workflow', async () => {
    const { job, start } = await readyToStart({ dependencies: { hasEarlierRuns: async () => true } });
    const started = [
      await start(),
      await start({ label: 'day 7' }),
      await start({ execution: { configuration: { ...configuration, version: '2' } } }),
      await start({ sha256: 'b'.repeat(64) }),
      await start({}, { workflowExecution: { workflowId: 'w2', runId: 'r1' } }),
    ];
    expect(new Set(started.map(({ trackingId }) => trackingId)).size).toBe(5);
    expect(chargesOf(job)).toEqual(started.map(({ executionId }) => executionId));
  });

  it('starts one execution with a new token if Aplos refuses the first token', async () => {
    const { job, start, faults } = await readyToStart();
    faults.add({ route: 'start', expire: 'token' });
    expect(await start()).toMatchObject({ origin: 'started' });
    expect(chargesOf(job)).toHaveLength(1);
  });

  it('starts nothing if it was cancelled', async () => {
    const { job, input } = await readyToStart();
    const environment = environmentFor();
    environment.cancel();
    const failure = await failureOf(job, run(job.activities.startExecution, input, environment));
    expect(failure).toBeInstanceOf(CancelledFailure);
    expect(chargesOf(job)).toEqual([]);
  });
});

describe('startExecution after a lost response', () => {
  it.each(lostResponses)('finds the execution in the list if the start took effect (%j)', async (fault) => {
    const { job, start, faults } = await readyToStart();
    faults.add({ route: 'start', ...fault });
    const started = await start();
    expect(started.origin).toBe('found');
    expect(chargesOf(job)).toEqual([started.executionId]);
  });

  it('finds the execution in a list that lags behind', async () => {
    const { job, start, faults } = await readyToStart();
    faults.add({ route: 'start', cut: 'after' });
    faults.add({ route: 'list', stale: true, times: 2 });
    const started = await start();
    expect(started.origin).toBe('found');
    expect(chargesOf(job)).toEqual([started.executionId]);
    expect(callsOf(job, 'list')).toBe(3);
  });

  it('finds the execution among others', async () => {
    const { job, start, faults } = await readyToStart();
    for (const workflowId of ['w0', 'w2', 'w3'])
      await start({}, { workflowExecution: { workflowId, runId: 'r1' } });
    faults.add({ route: 'start', cut: 'after' });
    const started = await start();
    expect(started.origin).toBe('found');
    expect(chargesOf(job)[3]).toBe(started.executionId);
    expect(chargesOf(job)).toHaveLength(4);
  });

  it('finds the execution in the next attempt if the list shows it too late for this one', async () => {
    const { job, start, faults } = await readyToStart();
    faults.add({ route: 'start', cut: 'after' });
    faults.add({ route: 'list', stale: true, times: 4 });
    const failure = await failureOf(job, start());
    expect(failure).toMatchObject({ type: 'API_UNREACHABLE', nonRetryable: false });
    const started = await start({}, { attempt: 2 });
    expect(started.origin).toBe('found');
    expect(chargesOf(job)).toEqual([started.executionId]);
  });

  it('finds the execution in the next attempt if the list is unavailable', async () => {
    const { job, start, faults } = await readyToStart();
    faults.add({ route: 'start', cut: 'after' });
    faults.add({ route: 'list', status: 503, headers: { 'Retry-After': '3' }, times: 'always' });
    expect(await failureOf(job, start())).toMatchObject({
      type: 'API_UNAVAILABLE',
      nonRetryable: false,
      nextRetryDelay: 3_000,
    });
    faults.clear();
    const started = await start({}, { attempt: 2 });
    expect(chargesOf(job)).toEqual([started.executionId]);
  });

  it('finds the execution in the same attempt if only the last search succeeds', async () => {
    const { job, start, faults } = await readyToStart();
    faults.add({ route: 'start', cut: 'after' });
    faults.add({ route: 'list', status: 503, times: 2 });
    const started = await start();
    expect(started).toMatchObject({ origin: 'found', ran: { attempts: 1 } });
    expect(chargesOf(job)).toEqual([started.executionId]);
  });

  it.each<[fault: FaultAction, type: string]>([
    [{ cut: 'before' }, 'API_UNREACHABLE'],
    [{ status: 503 }, 'API_UNAVAILABLE'],
    [{ status: 504 }, 'API_UNAVAILABLE'],
    [{ response: 'html' }, 'API_ANSWER_BROKEN'],
  ])(
    'starts one execution in the next attempt if the start did not take effect (%j)',
    async (fault, type) => {
      const { job, start, faults } = await readyToStart();
      faults.add({ route: 'start', ...fault });
      expect(await failureOf(job, start())).toMatchObject({ type, nonRetryable: false });
      expect(chargesOf(job)).toEqual([]);
      expect(callsOf(job, 'list')).toBe(3);
      const started = await start({}, { attempt: 2 });
      expect(started).toMatchObject({ origin: 'started', ran: { attempts: 2 } });
      expect(chargesOf(job)).toEqual([started.executionId]);
    },
  );
});

describe('startExecution after an earlier start', () => {
  const secondRun = { workflowExecution: { workflowId: 'w1', runId: 'r2' } };

  it.each<[what: string, changes: Partial<StartInput>, info: Info]>([
    ['an attempt whose worker was killed', {}, { attempt: 2 }],
    ['a run that was reset', { wasReset: true }, {}],
    ['an earlier run of the same workflow', {}, secondRun],
  ])('finds the execution of %s, even in a list that lags behind', async (_what, changes, info) => {
    const hasEarlierRuns = async (_workflowId: string, runId: string) => runId === 'r2';
    const { job, start, faults } = await readyToStart({ dependencies: { hasEarlierRuns } });
    faults.add({ route: 'list', stale: true, times: 2 });
    const { executionId } = await start();
    expect(callsOf(job, 'list')).toBe(0);
    expect(await start(changes, info)).toMatchObject({ executionId, origin: 'found' });
    expect(callsOf(job, 'list')).toBe(3);
    expect(chargesOf(job)).toEqual([executionId]);
  });

  it('asks for earlier runs of its own workflow', async () => {
    const calls: unknown[] = [];
    const hasEarlierRuns = async (...run: string[]) => {
      calls.push(run);
      return false;
    };
    const { start } = await readyToStart({ dependencies: { hasEarlierRuns } });
    await start();
    expect(calls).toEqual([['w1', 'r1']]);
  });

  it('finds the execution if the keys of the configuration come in another order', async () => {
    const { job, start } = await readyToStart();
    const { executionId } = await start();
    const { version, columns } = configuration;
    const { grouping, sorting, concentration, ...others } = columns;
    const reordered = { columns: { grouping, ...others, concentration, sorting }, version };
    const again = await start({ execution: { configuration: reordered }, wasReset: true });
    expect(again).toMatchObject({ executionId, origin: 'found' });
    expect(chargesOf(job)).toHaveLength(1);
  });

  it('starts the execution if no earlier attempt or run did', async () => {
    const { job, start } = await readyToStart({ dependencies: { hasEarlierRuns: async () => true } });
    expect(await start({ wasReset: true }, { attempt: 2 })).toMatchObject({ origin: 'started' });
    expect(chargesOf(job)).toHaveLength(1);
  });

  it('starts nothing if Temporal cannot tell whether there were earlier runs', async () => {
    const hasEarlierRuns = async () => {
      throw new Error('The database is down');
    };
    const { job, start } = await readyToStart({ dependencies: { hasEarlierRuns } });
    expect(await failureOf(job, start())).toMatchObject({ type: 'INTERNAL', nonRetryable: false });
    expect(chargesOf(job)).toEqual([]);
  });
});

describe('startExecution if Aplos cannot tell whether an execution was started', () => {
  const listed = [
    { execution_id: 'e1', status: 'queuing', errors: [] },
    { execution_id: 'e2', status: 'complete', errors: [], meta_data: null },
  ];

  it.each<[what: string, start: FaultAction, list: FaultAction, changes: Partial<StartInput>, info: Info]>([
    ['lists no metadata', { cut: 'after' }, { status: 200, body: { items: listed } }, {}, {}],
    [
      'lists no metadata after a reset',
      { delayMs: 0 },
      { status: 200, body: { items: listed } },
      { wasReset: true },
      {},
    ],
    [
      'lists no metadata to the next attempt',
      { delayMs: 0 },
      { status: 200, body: { items: listed } },
      {},
      { attempt: 2 },
    ],
    ['refuses the list', { cut: 'after' }, { status: 403 }, {}, {}],
    ['returns a list of another shape', { cut: 'after' }, { response: 'other-shape' }, {}, {}],
    ['responds to the start in an unknown shape', { response: 'other-shape' }, { delayMs: 0 }, {}, {}],
  ])(
    'starts nothing more and fails with START_UNSETTLED because Aplos %s',
    async (_what, fault, list, changes, info) => {
      const { job, start, faults } = await readyToStart();
      faults.add({ route: 'start', ...fault });
      faults.add({ route: 'list', times: 'always', ...list });
      const failure = await failureOf(job, start(changes, info));
      expect(failure).toMatchObject({ type: 'START_UNSETTLED', nonRetryable: true });
      expect(failure.message).toMatch(/of pk\.csv .* Its tracking id is w1#[0-9a-f]{16}\. Look in Aplos NCA/);
      expect(callsOf(job, 'start')).toBe('delayMs' in fault ? 0 : 1);
      expect(chargesOf(job).length).toBe('cut' in fault ? 1 : 0);
    },
  );
});

describe('startExecution if Aplos refuses the start', () => {
  it('reports the reason that Aplos gives, and charges nothing, if the configuration is invalid', async () => {
    const { job, start } = await readyToStart({ refuseConfiguration: () => 'kel_rules: regression unknown' });
    const failure = await failureOf(job, start());
    expect(failure).toMatchObject({ type: 'EXECUTION_REFUSED', nonRetryable: true });
    expect(failure.message).toMatch(
      /^pk\.csv: .*status 400, kel_rules: regression unknown.* Correct the config/,
    );
    expect([chargesOf(job), callsOf(job, 'list')]).toEqual([[], 0]);
  });

  it('charges nothing if no allocation is left', async () => {
    const { job, start } = await readyToStart({ allocation: 0 });
    expect(await failureOf(job, start())).toMatchObject({ type: 'ALLOCATION_EXHAUSTED', nonRetryable: true });
    expect(chargesOf(job)).toEqual([]);
  });

  it('starts the execution after a reset once there is an allocation again', async () => {
    const { job, start, faults } = await readyToStart();
    const errors = [{ status_code: 403, message: 'The allocation of this subscription is used up' }];
    faults.add({ route: 'start', status: 403, body: { errors }, times: 2 });
    expect(await failureOf(job, start())).toMatchObject({ type: 'ALLOCATION_EXHAUSTED' });
    expect(await start({ wasReset: true })).toMatchObject({ origin: 'started' });
    expect(chargesOf(job)).toHaveLength(1);
  });

  it('is retried after the pause that Aplos asks for if it is throttled', async () => {
    const { job, start, faults } = await readyToStart();
    faults.add({ route: 'start', status: 429, headers: { 'Retry-After': '7' } });
    expect(await failureOf(job, start())).toMatchObject({
      type: 'API_THROTTLED',
      nonRetryable: false,
      nextRetryDelay: 7_000,
    });
    expect([chargesOf(job), callsOf(job, 'list')]).toEqual([[], 0]);
  });
});
