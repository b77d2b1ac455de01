import type { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { awaitExecution } from '../../src/activities/awaitExecution.js';
import { withErrorCodes } from '../../src/activities/failures.js';
import type { ExecutionRecord } from '../../src/aplos/api.js';
import { UploadError } from '../../src/contract/errors.js';
import { environmentFor, type Info, run } from '../support/job.js';

const input = { profile: 'default', fileName: 'pk.csv', label: 'day 1', executionId: 'e-1' };

/** Runs the activity against an Aplos that reports an execution like this. Returns its result, or its failure. */
async function check(reported: Partial<ExecutionRecord> | UploadError, info: Info = {}) {
  const checks = {
    check: async (executionId: string) => {
      if (reported instanceof UploadError) throw reported;
      return { executionId, status: 'running', errors: [], hasMarks: true, ...reported };
    },
  };
  const activity = withErrorCodes(awaitExecution({ checks: () => checks }));
  return run(activity, input, environmentFor({ workflowType: 'uploadAnalysisFile', ...info })).catch(
    (error: unknown) => error as ApplicationFailure,
  );
}

/** Properties of an attempt at this age of the step. */
const aged = (ageMs: number, limitMs = 7 * 24 * 3_600_000): Info => ({
  scheduledTimestampMs: 1_000,
  currentAttemptScheduledTimestampMs: 1_000 + ageMs,
  scheduleToCloseTimeoutMs: limitMs,
});

describe('awaitExecution', () => {
  it.each(['complete', 'Complete', 'succeeded', 'SUCCEEDED', 'completed'])(
    'ends with the status "%s"',
    async (status) => {
      expect(await check({ status })).toEqual({ status });
    },
  );

  it('returns what Aplos reports about the end', async () => {
    const report = {
      phase: 'report',
      percent: 100,
      warnings: ['3 rows below the limit'],
      completedAt: '2026-01-01T00:00:00.000Z',
      seconds: 61.5,
      engineVersions: { nca: '3.1' },
    };
    const { phase, percent, ...completion } = report;
    expect(await check({ status: 'complete', report })).toEqual({ status: 'complete', ...completion });
  });

  it.each([
    ['failed', 'EXECUTION_FAILED'],
    ['Failed', 'EXECUTION_FAILED'],
    ['cancelled', 'EXECUTION_CANCELLED'],
    ['canceled', 'EXECUTION_CANCELLED'],
    ['timed_out', 'EXECUTION_TIMED_OUT'],
    ['timed-out', 'EXECUTION_TIMED_OUT'],
    ['timedOut', 'EXECUTION_TIMED_OUT'],
    ['rejected', 'EXECUTION_REJECTED'],
  ])('fails for good with the status "%s": %s', async (status, type) => {
    const failure = await check({ status, errors: ['The file has no column "conc".', 'And more'] });
    expect(failure).toMatchObject({ type, nonRetryable: true });
    expect((failure as ApplicationFailure).message).toContain('Execution e-1 (day 1) of pk.csv');
    expect((failure as ApplicationFailure).message).toContain('The file has no column "conc".; And more');
  });

  it('says that a failed analysis is not charged', async () => {
    expect(await check({ status: 'failed' })).toMatchObject({
      message: expect.stringMatching(/failed at Aplos, and is not charged: Aplos gave no reason/),
    });
  });

  it.each(['queuing', 'queued', 'throttled', 'running', 'Processing', 'generating technical report', '???'])(
    'is at work with the status "%s", whose name it shows',
    async (status) => {
      expect(await check({ status })).toMatchObject({
        type: 'EXECUTION_PENDING',
        nonRetryable: false,
        category: 'BENIGN',
        message: expect.stringContaining(`is at work: ${status}`),
      });
    },
  );

  it('shows phases, progress and warnings of an execution at work', async () => {
    const report = { phase: 'plots', completedPhases: 2, totalPhases: 5, percent: 40, warnings: ['a', 'b'] };
    expect(await check({ report })).toMatchObject({
      message: expect.stringContaining(
        'is at work: running, phase "plots" (2 of 5 phases done), 40 %, warnings: a; b.',
      ),
    });
  });

  it.each([
    ['1 s', 'at first', 0, 1_000],
    ['2 s', 'after 2 s', 2_000, 2_000],
    ['5 s', 'after half a minute', 30_000, 5_000],
    ['6 minutes', 'after an hour', 3_600_000, 360_000],
    ['10 minutes', 'after two days', 48 * 3_600_000, 600_000],
  ])('is checked again %s later %s', async (_pause, _when, ageMs, pauseMs) => {
    expect(await check({}, aged(ageMs))).toMatchObject({ nextRetryDelay: pauseMs });
  });

  it('is checked for the last time right before the time limit', async () => {
    expect(await check({}, aged(3_600_000, 3_700_000))).toMatchObject({ nextRetryDelay: 98_000 });
    expect(await check({}, aged(0, 1_000))).toMatchObject({ nextRetryDelay: 1_000 });
  });

  it.each(['API_NOT_FOUND', 'API_DELETED'] as const)(
    'takes five minutes to believe that the execution is gone: %s',
    async (code) => {
      const error = new UploadError(code, 'It is not there');
      expect(await check(error)).toMatchObject({ type: 'EXECUTION_GONE', nonRetryable: false });
      expect(await check(error, aged(301_000))).toMatchObject({ type: 'EXECUTION_GONE', nonRetryable: true });
      expect(await check({ status: 'deleted' }, aged(301_000))).toMatchObject({ type: 'EXECUTION_GONE' });
    },
  );

  it('is retried if Aplos does not respond', async () => {
    expect(await check(new UploadError('API_UNREACHABLE', 'No connection'))).toMatchObject({
      type: 'API_UNREACHABLE',
      nonRetryable: false,
    });
  });
});
