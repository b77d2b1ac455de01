import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledFailure } from '@temporalio/common';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { S3Bucket } from '../../sandbox/object-store.js';
import type { FaultAction } from '../../sandbox/sandbox.js';
import { UploadError } from '../../src/contract/errors.js';
import type { StartInput } from '../../src/contract/steps.js';
import type { OtherUploads } from '../../src/temporal/other-uploads.js';
import { newBucket } from '../support/bucket.js';
import {
  callsOf,
  environmentFor,
  failureOf,
  type Info,
  type Job,
  type JobOptions,
  newJob,
  nobodyElse,
  run,
  SEND_DEADLINE_MS,
} from '../support/job.js';
import { configuration } from '../support/sandbox-client.js';
import { stopClock } from '../support/stopped-clock.js';

let s3: S3Bucket;

beforeAll(async () => {
  s3 = await newBucket();
});

/** Stores a file, and returns a function that starts an execution of it. */
async function readyToStart(options: Partial<JobOptions> = {}) {
  const job = await newJob({ s3, ...options });
  const input = await job.stored();
  let { activities } = job;
  const start = (changes: Partial<StartInput> = {}, info?: Info) =>
    run(activities.startExecution, { ...input, ...changes }, environmentFor(info));
  /** Replaces the worker by one that remembers nothing. */
  const restartWorker = () => {
    activities = job.newWorker();
  };
  /** Describes the attempt after one that recorded its last heartbeat and failed. */
  const nextAttempt = () => ({ attempt: 2, heartbeatDetails: job.lastHeartbeat() ?? { mayHaveSent: false } });
  return { job, input, start, restartWorker, nextAttempt, faults: job.sandbox.faults };
}

/** The time of the scheduled attempt, less the time limit for sending: what was sent until then may only lag in the list. */
const deadlineAgoMs = 1 - SEND_DEADLINE_MS;
const inDoubt: Info = { attempt: 2, heartbeatDetails: { mayHaveSent: true, untilMs: deadlineAgoMs } };

const chargesOf = ({ sandbox }: Job) => sandbox.charges.map(({ executionId }) => executionId);

/** Lets no timer of a second or more end, so that an attempt is over before its first regular heartbeat on any machine. */
function stopLongTimers(): void {
  const real = setTimeout;
  const inAnHour = (callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
    real(callback, ms < 1_000 ? ms : 3_600_000, ...args);
  const spy = vi.spyOn(globalThis, 'setTimeout').mockImplementation(inAnHour as typeof setTimeout);
  onTestFinished(() => spy.mockRestore());
}

/** Faults that hide the response to a start that took effect. */
const lostResponses: [fault: FaultAction][] = [
  [{ cut: 'after' }],
  [{ status: 504, effect: true }],
  [{ status: 500, effect: true }],
  [{ response: 'truncated' }],
  [{ status: 200, body: { ok: true }, effect: true }],
];

describe('startExecution', () => {
  it('starts one charged execution, after one look at the list', async () => {
    const { job, start } = await readyToStart();
    const started = await start();
    expect(started).toMatchObject({ label: 'day 1', status: 'queuing', origin: 'started' });
    expect(job.sandbox.charges).toMatchObject([
      { executionId: started.executionId, trackingId: started.trackingId, configuration },
    ]);
    expect(started.trackingId).toMatch(/^[0-9a-f]{32}$/);
    expect(callsOf(job, 'list')).toBe(1);
  });

  it('leaves a heartbeat that nothing was sent if it fails before', async () => {
    const { input, job } = await readyToStart({
      dependencies: { otherUploads: () => Promise.reject(new UploadError('TEMPORAL_UNAVAILABLE', 'gone')) },
    });
    const environment = environmentFor();
    const heartbeats: unknown[] = [];
    environment.on('heartbeat', (details: unknown) => heartbeats.push(details));
    await failureOf(job, run(job.activities.startExecution, input, environment));
    expect(heartbeats).toEqual([{ mayHaveSent: false }]);
  });

  it('sends one heartbeat if it succeeds at once: right before the start', async () => {
    const recorded: unknown[] = [];
    const { input, job } = await readyToStart({
      dependencies: { recordHeartbeat: async (details) => void recorded.push(details) },
    });
    const environment = environmentFor();
    environment.on('heartbeat', (details: unknown) => recorded.push(details));
    stopLongTimers();
    await run(job.activities.startExecution, input, environment);
    expect(recorded).toEqual([{ mayHaveSent: true }]);
  });

  it('sends everything in the request, and the tracking id', async () => {
    const { job, start } = await readyToStart();
    const { trackingId } = await start({
      execution: { configuration, metaData: { study: 7 }, dataProcessing: ['a'], postProcessing: { b: 1 } },
    });
    expect(job.sandbox.charges).toMatchObject([
      {
        metaData: { study: 7, aplos_upload: { tracking_id: trackingId, file_name: 'pk.csv' } },
        dataProcessing: ['a'],
        postProcessing: { b: 1 },
      },
    ]);
  });

  it('starts another execution for other work', async () => {
    const { job, start } = await readyToStart();
    const started = [
      await start(),
      await start({ execution: { configuration: { ...configuration, version: '2' } } }),
      await start({ execution: { configuration, metaData: 7 } }),
      await start({ execution: { configuration, again: 'engine 3.2' } }),
      await start({ sha256: 'b'.repeat(64) }),
      await start({ fileName: 'pk2.csv' }),
    ];
    expect(new Set(started.map(({ trackingId }) => trackingId)).size).toBe(6);
    expect(chargesOf(job)).toEqual(started.map(({ executionId }) => executionId));
  });

  it('finds the execution for the same work under another label, and in another workflow', async () => {
    const { job, start, restartWorker } = await readyToStart();
    const { executionId } = await start();
    restartWorker();
    for (const [changes, workflowId] of [
      [{ label: 'day 7' }, 'w1'],
      [{}, 'w2'],
    ] as const)
      expect(await start(changes, { workflowExecution: { workflowId, runId: 'r9' } })).toMatchObject({
        executionId,
        origin: 'found',
      });
    expect(chargesOf(job)).toEqual([executionId]);
  });

  it('puts the reason to run an analysis again into the result', async () => {
    const { start } = await readyToStart();
    expect(await start({ execution: { configuration, again: 'engine 3.2' } })).toMatchObject({
      origin: 'started',
      again: 'engine 3.2',
    });
  });

  it('starts one execution if several workflows ask for the same work at once', async () => {
    const { job, start } = await readyToStart();
    const started = await Promise.all(
      ['w1', 'w2', 'w3'].map((workflowId) => start({}, { workflowExecution: { workflowId, runId: 'r1' } })),
    );
    expect(new Set(started.map(({ executionId }) => executionId)).size).toBe(1);
    expect(started.map(({ origin }) => origin).sort()).toEqual(['found', 'found', 'started']);
    expect(chargesOf(job)).toHaveLength(1);
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
    const { job, start, faults } = await readyToStart({ dependencies: { listLagMs: 60_000 } });
    faults.add({ route: 'start', cut: 'after' });
    faults.add({ route: 'list', stale: true, times: 2 });
    const started = await start();
    expect(started.origin).toBe('found');
    expect(chargesOf(job)).toEqual([started.executionId]);
    expect(callsOf(job, 'list')).toBe(3);
  });

  it('finds the execution among others', async () => {
    const { job, start, faults } = await readyToStart();
    for (const fileName of ['a.csv', 'b.csv', 'c.csv']) await start({ fileName });
    faults.add({ route: 'start', cut: 'after' });
    const started = await start();
    expect(started.origin).toBe('found');
    expect(chargesOf(job)[3]).toBe(started.executionId);
    expect(chargesOf(job)).toHaveLength(4);
  });

  it('finds the execution in the next attempt if the list shows it too late for this one', async () => {
    const { job, start, nextAttempt, faults } = await readyToStart();
    faults.add({ route: 'start', cut: 'after' });
    faults.add({ route: 'list', stale: true, times: 'always' });
    const failure = await failureOf(job, start());
    expect(failure).toMatchObject({ type: 'API_UNREACHABLE', nonRetryable: false });
    faults.clear();
    const started = await start({}, nextAttempt());
    expect(started.origin).toBe('found');
    expect(chargesOf(job)).toEqual([started.executionId]);
  });

  it('finds the execution in the next attempt if the list is unavailable', async () => {
    const { job, start, nextAttempt, faults } = await readyToStart();
    faults.add({ route: 'start', cut: 'after' });
    faults.add({ route: 'list', status: 503, headers: { 'Retry-After': '3' }, skip: 1, times: 'always' });
    expect(await failureOf(job, start())).toMatchObject({
      type: 'API_UNAVAILABLE',
      nonRetryable: false,
      nextRetryDelay: 3_000,
    });
    expect(job.lastHeartbeat()).toEqual({ mayHaveSent: true });
    faults.clear();
    const started = await start({}, nextAttempt());
    expect(chargesOf(job)).toEqual([started.executionId]);
  });

  it('finds the execution in the same attempt if only the last search succeeds', async () => {
    const { job, start, faults } = await readyToStart({ dependencies: { listLagMs: 60_000 } });
    faults.add({ route: 'start', cut: 'after' });
    faults.add({ route: 'list', status: 503, skip: 1 });
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
      const { job, start, nextAttempt, faults } = await readyToStart();
      faults.add({ route: 'start', ...fault });
      expect(await failureOf(job, start())).toMatchObject({ type, nonRetryable: false });
      expect(chargesOf(job)).toEqual([]);
      expect(callsOf(job, 'list')).toBeGreaterThan(2); // before the start, at once after it, and after the lag
      expect(job.lastHeartbeat()).toEqual({ mayHaveSent: false });
      const started = await start({}, nextAttempt());
      expect(started).toMatchObject({ origin: 'started', ran: { attempts: 2 } });
      expect(chargesOf(job)).toEqual([started.executionId]);
    },
  );
});

describe('startExecution after an earlier start', () => {
  const justNow = { ...nobodyElse, mayHaveSentUntilMs: 1 };

  it.each<[what: string, info: Info, others: OtherUploads]>([
    [
      'an attempt whose worker was killed',
      { attempt: 2, heartbeatDetails: { mayHaveSent: true } },
      nobodyElse,
    ],
    ['an attempt whose heartbeat was cleared', { attempt: 2 }, nobodyElse],
    [
      'an attempt whose heartbeat was replaced by its input',
      { attempt: 2, heartbeatDetails: { profile: 'default' } },
      nobodyElse,
    ],
    [
      'an activity that was reset',
      { scheduledTimestampMs: 1, currentAttemptScheduledTimestampMs: 2 },
      nobodyElse,
    ],
    ['a run that was reset', { workflowExecution: { workflowId: 'w1', runId: 'r2' } }, justNow],
    ['another upload of the file', { workflowExecution: { workflowId: 'w2', runId: 'r2' } }, justNow],
  ])('finds the execution of %s, even in a list that lags behind', async (_what, info, others) => {
    const { job, start, restartWorker, faults } = await readyToStart({
      dependencies: { otherUploads: async () => others },
    });
    faults.add({ route: 'list', stale: true, times: 2 });
    const { startExecution } = job.newWorker({ otherUploads: async () => nobodyElse });
    const { executionId } = await run(startExecution, await job.stored());
    restartWorker();
    expect(await start({}, info)).toMatchObject({ executionId, origin: 'found' });
    expect(callsOf(job, 'list')).toBe(3);
    expect(chargesOf(job)).toEqual([executionId]);
  });

  it('finds the execution that Temporal has forgotten', async () => {
    const { job, start, restartWorker } = await readyToStart();
    const { executionId } = await start();
    restartWorker();
    const before = callsOf(job, 'list');
    expect(await start()).toMatchObject({ executionId, origin: 'found' });
    expect(callsOf(job, 'list') - before).toBe(1);
    expect(chargesOf(job)).toEqual([executionId]);
  });

  it('asks who else may start the analysis, since its run was started', async () => {
    const calls: unknown[] = [];
    const { start } = await readyToStart({
      dependencies: {
        otherUploads: async (...asked) => {
          calls.push(asked);
          return nobodyElse;
        },
      },
    });
    const runStartedAt = '1970-01-01T00:00:00.000Z';
    const times = { scheduledTimestampMs: 3_600_000, currentAttemptScheduledTimestampMs: 3_600_000 };
    await start({ runStartedAt }, { activityId: '7', ...times });
    expect(calls).toEqual([
      [
        { workflowId: 'w1', runId: 'r1', activityId: '7', scheduledMs: 3_600_000 },
        { fileName: 'pk.csv', closedSinceMs: 0 },
      ],
    ]);
  });

  it('does not wait again in a later attempt if nothing was sent since', async () => {
    const { job, start } = await readyToStart({ dependencies: { sendDeadlineMs: 60_000 } });
    const scheduled = { scheduledTimestampMs: 1, currentAttemptScheduledTimestampMs: 3_600_000 };
    const heartbeatDetails = { mayHaveSent: true, untilMs: 1 };
    expect(await start({}, { ...scheduled, attempt: 3, heartbeatDetails })).toMatchObject({
      origin: 'started',
    });
    expect(callsOf(job, 'list')).toBe(1);
  });

  it('does not wait if the list shows everything that an upload that just ended has started', async () => {
    const { job, start } = await readyToStart();
    const { executionId } = await start({ label: 'first' });
    const others = { ...nobodyElse, acknowledged: { untilMs: 1, executionIds: [executionId] } };
    const { startExecution } = job.newWorker({ otherUploads: async () => others, sendDeadlineMs: 60_000 });
    const second = { ...(await job.stored()), execution: { configuration, again: 'second' } };
    const before = callsOf(job, 'list');
    expect(await run(startExecution, second)).toMatchObject({ origin: 'started' });
    expect(callsOf(job, 'list') - before).toBe(1);
  });

  it('waits until the list shows everything that an upload that just ended has started', async () => {
    const { job, start, faults } = await readyToStart();
    faults.add({ route: 'list', stale: true, skip: 1, times: 2 });
    const { executionId } = await start({ label: 'first' });
    const others = { ...nobodyElse, acknowledged: { untilMs: 1, executionIds: [executionId] } };
    const { startExecution } = job.newWorker({ otherUploads: async () => others, sendDeadlineMs: 60_000 });
    const second = { ...(await job.stored()), execution: { configuration, again: 'second' } };
    expect(await run(startExecution, second)).toMatchObject({ origin: 'started' });
    expect(callsOf(job, 'list')).toBe(4);
  });

  it('waits while another upload of the file is starting its analyses', async () => {
    const { job, start } = await readyToStart({
      dependencies: { otherUploads: async () => ({ ...nobodyElse, ahead: 'default:pk.csv:1' }) },
    });
    const failure = await failureOf(job, start());
    expect(failure).toMatchObject({
      type: 'ANALYSIS_IN_PROGRESS',
      nonRetryable: false,
      nextRetryDelay: 2_000,
    });
    expect(failure.message).toContain('default:pk.csv:1');
    expect(chargesOf(job)).toEqual([]);
  });

  it('finds the execution if the keys of the configuration come in another order', async () => {
    const { job, start } = await readyToStart();
    const { executionId } = await start();
    const { version, columns } = configuration;
    const { grouping, sorting, concentration, ...others } = columns;
    const reordered = { columns: { grouping, ...others, concentration, sorting }, version };
    const again = await start({ execution: { configuration: reordered } });
    expect(again).toMatchObject({ executionId, origin: 'found' });
    expect(chargesOf(job)).toHaveLength(1);
  });

  it('starts the execution if no earlier attempt or run did', async () => {
    const { job, start } = await readyToStart({
      dependencies: { otherUploads: async () => ({ ...nobodyElse, mayHaveSentUntilMs: deadlineAgoMs }) },
    });
    expect(await start({}, inDoubt)).toMatchObject({ origin: 'started' });
    expect(chargesOf(job)).toHaveLength(1);
  });

  it('starts nothing if Temporal cannot tell whether there were earlier runs', async () => {
    const otherUploads = async () => {
      throw new Error('The database is down');
    };
    const { job, start } = await readyToStart({ dependencies: { otherUploads } });
    expect(await failureOf(job, start())).toMatchObject({ type: 'INTERNAL', nonRetryable: false });
    expect(chargesOf(job)).toEqual([]);
  });
});

describe('startExecution if Aplos cannot tell whether an execution was started', () => {
  const listed = [
    { execution_id: 'e1', status: 'queuing', errors: [] },
    { execution_id: 'e2', status: 'complete', errors: [], meta_data: null },
  ];

  const withoutKey = listed.slice(0, 1);

  it.each<[what: string, start: FaultAction, list: FaultAction, skip: number, info: Info]>([
    ['lists no metadata', { cut: 'after' }, { status: 200, body: { items: listed } }, 1, {}],
    [
      'lists no metadata to the next attempt',
      { delayMs: 0 },
      { status: 200, body: { items: listed } },
      0,
      inDoubt,
    ],
    ['never lists metadata', { delayMs: 0 }, { status: 200, body: { items: withoutKey } }, 0, {}],
    ['refuses the list', { cut: 'after' }, { status: 403 }, 1, {}],
    ['refuses the list before the first start', { delayMs: 0 }, { status: 404 }, 0, {}],
    ['responds to the start in an unknown shape', { response: 'other-shape' }, { delayMs: 0 }, 0, {}],
  ])(
    'starts nothing more and fails with START_UNSETTLED because Aplos %s',
    async (_what, fault, list, skip, info) => {
      const { job, start, faults } = await readyToStart();
      faults.add({ route: 'start', ...fault });
      faults.add({ route: 'list', times: 'always', skip, ...list });
      const failure = await failureOf(job, start({}, info));
      expect(failure).toMatchObject({ type: 'START_UNSETTLED', nonRetryable: true });
      expect(failure.message).toMatch(/of pk\.csv .* Its tracking id is [0-9a-f]{32}\. Look in Aplos NCA/);
      expect(callsOf(job, 'start')).toBe('delayMs' in fault ? 0 : 1);
      expect(chargesOf(job).length).toBe('cut' in fault ? 1 : 0);
    },
  );

  it('starts nothing, and is retried briefly, while the list has another shape', async () => {
    const { job, start, faults } = await readyToStart({ dependencies: { sendDeadlineMs: 500 } });
    faults.add({ route: 'list', times: 'always', response: 'other-shape' });
    const attempt = (ageMs: number) => ({
      scheduledTimestampMs: 1,
      currentAttemptScheduledTimestampMs: 1 + ageMs,
    });
    const type = 'API_ANSWER_UNEXPECTED';
    expect(await failureOf(job, start({}, attempt(0)))).toMatchObject({ type, nonRetryable: false });
    expect(await failureOf(job, start({}, attempt(299_000)))).toMatchObject({ type, nonRetryable: false });
    expect(await failureOf(job, start({}, attempt(300_000)))).toMatchObject({ type, nonRetryable: true });
    expect(callsOf(job, 'start')).toBe(0);
  });

  it('starts nothing more if the list lacks executions that Aplos has acknowledged', async () => {
    const { job, start, faults } = await readyToStart();
    faults.add({ route: 'list', stale: true, times: 'always' });
    await start({ fileName: 'a.csv' });
    await sleep(450); // longer than the lag
    faults.add({ route: 'start', cut: 'after' });
    const failure = await failureOf(job, start());
    expect(failure).toMatchObject({ type: 'START_UNSETTLED', nonRetryable: true });
    expect(failure.message).toContain('lacks some that Aplos has acknowledged');
    expect(chargesOf(job)).toHaveLength(2);
  });

  it('keeps looking until a list that lags shows what Aplos has acknowledged', async () => {
    const { job, start, faults } = await readyToStart({ dependencies: { listLagMs: 60_000 } });
    faults.add({ route: 'list', stale: true, times: 'always' });
    await start({ fileName: 'a.csv' });
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const passExpectedLag = () => void vi.setSystemTime(Date.now() + 61_000);
    const looks = () => callsOf(job, 'list');
    passExpectedLag();
    faults.add({ route: 'start', cut: 'after' });
    const before = looks();
    const searching = start();
    await expect.poll(looks).toBeGreaterThan(before + 1); // the first look comes before the start
    passExpectedLag();
    const passed = looks();
    await expect.poll(looks).toBeGreaterThan(passed);
    faults.clear();
    expect(await searching).toMatchObject({ origin: 'found' });
    expect(chargesOf(job)).toHaveLength(2);
  });
});

describe('startExecution before it sends the start', () => {
  it('records with Temporal that a start may have been sent', async () => {
    const { job, start, faults } = await readyToStart();
    const details: unknown[] = [];
    faults.add({ route: 'start', delayMs: 1 });
    const recordHeartbeat = async (each: unknown) => {
      details.push(each);
      expect(callsOf(job, 'start')).toBe(0);
    };
    await run(job.newWorker({ recordHeartbeat }).startExecution, await job.stored(), environmentFor());
    expect(details).toEqual([{ mayHaveSent: true }]);
    await start();
  });

  it('sends nothing if Temporal does not confirm the attempt', async () => {
    const { job, input } = await readyToStart();
    const recordHeartbeat = async () => {
      throw new UploadError('START_NOT_SENT', 'The start was not sent');
    };
    const { startExecution } = job.newWorker({ recordHeartbeat });
    const failure = await failureOf(job, run(startExecution, input, environmentFor()));
    expect(failure).toMatchObject({ type: 'START_NOT_SENT', nonRetryable: false });
    expect(callsOf(job, 'start')).toBe(0);
  });

  it('sends nothing if the worker was suspended after Temporal confirmed the attempt', async () => {
    const { job, input } = await readyToStart();
    const { startExecution } = job.newWorker({ sendDeadlineMs: 0 });
    const failure = await failureOf(job, run(startExecution, input, environmentFor()));
    expect(failure).toMatchObject({ type: 'START_NOT_SENT', nonRetryable: false });
    expect(callsOf(job, 'start')).toBe(0);
  });
});

describe('startExecution if Aplos refuses the start', () => {
  it('reports the reason that Aplos gives, and charges nothing, if the configuration is invalid', async () => {
    const { job, start } = await readyToStart({ refuseConfiguration: () => 'kel_rules: regression unknown' });
    const failure = await failureOf(job, start());
    expect(failure).toMatchObject({ type: 'EXECUTION_REFUSED', nonRetryable: true });
    expect(failure.message).toMatch(
      /^pk\.csv: .*status 400, kel_rules: regression unknown.* Correct the config/,
    );
    expect([chargesOf(job), callsOf(job, 'list')]).toEqual([[], 1]);
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
    expect(await start()).toMatchObject({ origin: 'started' });
    expect(chargesOf(job)).toHaveLength(1);
  });

  it('is retried after the pause that Aplos asks for if Aplos takes no more', async () => {
    const { job, start, faults } = await readyToStart();
    faults.add({ route: 'start', status: 429, headers: { 'Retry-After': '7' } });
    const failure = await failureOf(job, start());
    expect(failure).toMatchObject({
      type: 'EXECUTIONS_LIMITED',
      nonRetryable: false,
      nextRetryDelay: expect.closeTo(7_000, -2),
    });
    expect(failure.message).toMatch(
      /^pk.csv: Aplos takes no more executions at present \(status 429, Too Many Requests\); next try \d\d:\d\d UTC\./,
    );
    expect([chargesOf(job), callsOf(job, 'list')]).toEqual([[], 1]);
    expect(job.lastHeartbeat()).toEqual({ mayHaveSent: false, waits: true });
  });
});

describe('startExecution while Aplos takes no more executions', () => {
  it.each(['v1', 'v3'] as const)(
    'waits without a call, and then starts each execution once (%s)',
    async (api) => {
      const { job, start } = await readyToStart({ api, maxConcurrent: 0, maxQueued: 0 });
      const advance = stopClock(); // that of the gate
      const first = await failureOf(job, start());
      expect(first).toMatchObject({ type: 'EXECUTIONS_LIMITED', nonRetryable: false });
      const before = job.sandbox.calls.length;
      for (const fileName of ['b.csv', 'c.csv'])
        expect(await failureOf(job, start({ fileName }))).toMatchObject({ type: 'EXECUTIONS_LIMITED' });
      expect(job.sandbox.calls).toHaveLength(before);
      job.sandbox.change({ maxConcurrent: 5 });
      advance(1_000);
      expect(await start({}, { attempt: 2, heartbeatDetails: job.lastHeartbeat() })).toMatchObject({
        origin: 'started',
      });
      expect(await start({ fileName: 'b.csv' })).toMatchObject({ origin: 'started' });
      expect(chargesOf(job)).toHaveLength(2);
    },
  );

  it('sends the next start while it searches for one whose response was lost', async () => {
    const { job, start, faults } = await readyToStart({ dependencies: { listLagMs: 3_000 } });
    faults.add({ route: 'start', status: 429 });
    const advance = stopClock(); // that of the gate
    await failureOf(job, start());
    advance(1_000);
    faults.add({ route: 'start', cut: 'before' });
    const lists = callsOf(job, 'list');
    const searching = failureOf(job, start({ fileName: 'b.csv' }));
    await expect.poll(() => callsOf(job, 'list')).toBeGreaterThan(lists + 1);
    expect(await start({ fileName: 'c.csv' })).toMatchObject({ origin: 'started' });
    expect(await searching).toMatchObject({ type: 'API_UNREACHABLE' });
  });

  it('keeps uploading files', async () => {
    const { job, start, faults } = await readyToStart();
    const body = { success: false, error: 'slow down', errorCode: 'RATE_LIMIT_EXCEEDED' };
    faults.add({ route: 'start', status: 429, body, headers: { 'Retry-After': '90' } });
    await failureOf(job, start());
    expect(await job.presign()).toBeDefined();
  });

  it('signals the workflow once, and again after a restart of the worker only if it does not know', async () => {
    const waiting: string[] = [];
    const dependencies = { reportWaiting: async ({ label }: { label: string }) => void waiting.push(label) };
    const { job, start } = await readyToStart({ maxConcurrent: 0, maxQueued: 0, dependencies });
    await failureOf(job, start());
    await failureOf(job, start({}, { attempt: 2, heartbeatDetails: job.lastHeartbeat() }));
    expect(waiting).toEqual(['day 1']);
  });

  it('fails with its own code although the signal fails', async () => {
    const dependencies = { reportWaiting: () => Promise.reject(new Error('gone')) };
    const { job, start } = await readyToStart({ maxConcurrent: 0, maxQueued: 0, dependencies });
    expect(await failureOf(job, start())).toMatchObject({ type: 'EXECUTIONS_LIMITED' });
  });
});
