import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { awaitExecution } from '../../src/activities/awaitExecution.js';
import { withErrorCodes } from '../../src/activities/failures.js';
import { withTiming } from '../../src/activities/timing.js';
import type { Receipt, UploadProgress } from '../../src/contract/receipt.js';
import type { UploadRequestInput } from '../../src/contract/request.js';
import type { UploadActivities } from '../../src/contract/steps.js';
import { outcomeOf } from '../support/outcome.js';
import { ran, request, successfulActivities } from '../support/successful-activities.js';
import { timeSkipping } from '../support/time-skipping.js';

const HOUR_MS = 3_600_000;

/** Returns the failure of a step as activities fail with it. */
const failure = (code: string, remedy: string, happened: string) =>
  ApplicationFailure.create({
    type: code,
    message: `${happened}. Do this.`,
    nonRetryable: remedy === 'final',
    details: [{ code, remedy }],
    ...(code === 'EXECUTION_PENDING' ? { category: ApplicationFailureCategory.BENIGN } : {}),
  });

describe('completeAnalyses', () => {
  const server = timeSkipping();

  async function run(
    changes: Partial<UploadActivities>,
    input: Partial<UploadRequestInput> = {},
    whileRunning: (handle: WorkflowHandle) => Promise<unknown> = async () => {},
  ) {
    const calls: string[] = [];
    return server.withWorker({ ...successfulActivities(calls), ...changes }, async (taskQueue) => {
      const handle = await server.client.workflow.start('uploadAnalysisFile', {
        taskQueue,
        workflowId: taskQueue,
        args: [{ ...request, until: 'completed', ...input }],
      });
      await whileRunning(handle);
      const outcome = await outcomeOf(handle);
      const { events = [] } = await handle.fetchHistory();
      const progress = await handle.query<UploadProgress>('progress');
      return { ...outcome, calls, progress, events: events ?? [] };
    });
  }

  /** Returns the real activity, for an execution that ends so long after the first check by the server's clock. */
  function endingAfter(ms: number): { awaitExecution: UploadActivities['awaitExecution']; checks: number[] } {
    const checks: number[] = [];
    const executions = {
      check: async (executionId: string) => {
        const { scheduledTimestampMs, currentAttemptScheduledTimestampMs } = Context.current().info;
        const ageMs = currentAttemptScheduledTimestampMs - scheduledTimestampMs;
        checks.push(ageMs);
        return { executionId, status: ageMs < ms ? 'running' : 'succeeded', errors: [], hasMarks: true };
      },
    };
    return {
      awaitExecution: withErrorCodes(withTiming(awaitExecution({ checks: () => executions }))),
      checks,
    };
  }

  it('waits for the end of each execution, and puts it on the receipt', async () => {
    const { receipt, calls, progress } = await run({});
    expect(calls.slice(-2).sort()).toEqual(['await day 1', 'await day 7']);
    expect(receipt?.executions).toMatchObject([
      { label: 'day 1', status: 'queuing', completion: { status: 'complete', seconds: 60 } },
      { label: 'day 7', completion: { status: 'complete' } },
    ]);
    expect(receipt?.steps.slice(-2)).toMatchObject([
      { step: 'await', label: 'day 1', attempts: 1 },
      { step: 'await', label: 'day 7', attempts: 1 },
    ]);
    expect(progress).toMatchObject({
      step: 'done',
      executions: [{ completion: { status: 'complete' } }, {}],
    });
  });

  it.each([undefined, 'started'] as const)('does not wait if the request says until: %s', async (until) => {
    const { receipt, calls } = await run({}, { until });
    expect(calls).not.toContain('await day 1');
    expect(receipt?.executions[0]).not.toHaveProperty('completion');
  });

  it('waits two days for an execution with at most ten events more than an upload that does not wait', async () => {
    const one = { executions: request.executions?.slice(0, 1) ?? [] };
    const twoDays = endingAfter(48 * HOUR_MS);
    const { receipt, events } = await run({ awaitExecution: twoDays.awaitExecution }, one);
    const { events: without } = await run({}, { ...one, until: 'started' });
    expect(receipt?.executions[0]?.completion).toMatchObject({ status: 'succeeded' });
    expect(events.length - without.length).toBeLessThanOrEqual(10);
    expect(twoDays.checks.at(-1)).toBeLessThan(48.5 * HOUR_MS);
    expect(twoDays.checks.length).toBeLessThan(400);
  });

  it('carries all executions to their end before it fails with the first failure', async () => {
    const { failure: failed, progress } = await run({
      awaitExecution: async (input) => {
        if (input.label === 'day 1') throw failure('EXECUTION_FAILED', 'final', 'Execution of pk.csv failed');
        await new Promise((resolve) => setTimeout(resolve, 50));
        return successfulActivities([]).awaitExecution(input);
      },
    });
    expect(failed).toMatchObject({ type: 'EXECUTION_FAILED' });
    expect(progress.executions).toMatchObject([{ label: 'day 1' }, { completion: { status: 'complete' } }]);
    expect(progress.executions[0]).not.toHaveProperty('completion');
  });

  it('fails with COMPLETION_TIMED_OUT at the time limit of the request, and names what the last check found', async () => {
    const never = endingAfter(Number.POSITIVE_INFINITY);
    const { failure: failed, events } = await run(
      { awaitExecution: never.awaitExecution },
      { completionTimeoutSeconds: 24 * 3600 },
    );
    expect(failed).toMatchObject({
      type: 'COMPLETION_TIMED_OUT',
      nonRetryable: true,
      message: expect.stringMatching(
        /^Execution execution of day 1 \(day 1\) of pk\.csv did not end within the time limit of the request \(last check: running\)\. .*replay the upload: aplos-upload replay [\w-]+$/s,
      ),
    });
    const [began = 0, ended = 0] = [events[0], events.at(-1)].map((event) =>
      Number(event?.eventTime?.seconds),
    );
    expect((ended - began) / 3600).toBeCloseTo(24, 0);
  });

  it('fails with COMPLETION_TIMED_OUT if Aplos is down when the time is up', async () => {
    const { failure: failed } = await run(
      {
        awaitExecution: () =>
          Promise.reject(failure('API_UNREACHABLE', 'retry', 'The Aplos API does not respond about pk.csv')),
      },
      { completionTimeoutSeconds: 3600 },
    );
    expect(failed).toMatchObject({ type: 'COMPLETION_TIMED_OUT' });
    expect(failed?.message).toContain('does not respond');
  });

  it('waits once for an execution that has several labels', async () => {
    const [first] = request.executions ?? [];
    const { receipt, calls } = await run(
      {},
      {
        executions: [
          { ...first, label: 'a' },
          { ...first, label: 'b' },
        ] as UploadRequestInput['executions'],
      },
    );
    expect(calls.filter((call) => call.startsWith('await'))).toEqual(['await a']);
    expect(receipt?.executions.map(({ completion }) => completion?.status)).toEqual(['complete', 'complete']);
    expect(receipt?.steps.slice(-2).map(({ label }) => label)).toEqual(['a', 'b']);
  });

  it('ends at once if it is cancelled between two checks', async () => {
    const never = endingAfter(Number.POSITIVE_INFINITY);
    const { failure: failed, progress } = await run(
      { awaitExecution: never.awaitExecution },
      {},
      async (handle) => {
        while (never.checks.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
        await handle.cancel();
      },
    );
    expect(failed?.name).toBe('CancelledFailure');
    expect(progress.step).toBe('cancelled');
    expect(progress.executions).toHaveLength(2);
  });

  describe('in a run that was extended', () => {
    /** Lets the start wait until the signals are sent. */
    async function extendedWith(signals: unknown[], input: Partial<UploadRequestInput> = {}) {
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      const { startExecution } = successfulActivities([]);
      return run(
        {
          startExecution: async (each) => {
            await released;
            return startExecution(each);
          },
        },
        { until: 'started', ...input },
        async (handle) => {
          for (const signal of signals) await handle.signal('extend', signal);
          release();
        },
      );
    }
    const limitOf = ({ events }: Awaited<ReturnType<typeof run>>) =>
      events
        .map(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled)
        .find((scheduled) => scheduled?.activityType?.name === 'awaitExecution')?.scheduleToCloseTimeout
        ?.seconds;

    it('waits for the ends, although its request does not ask for it', async () => {
      const { receipt } = await extendedWith([{ until: 'completed' }]);
      expect(receipt?.executions).toMatchObject([{ completion: { status: 'complete' } }, { completion: {} }]);
    });

    it('waits for the longest time that was asked for', async () => {
      const seconds = (completionTimeoutSeconds: number) => ({
        until: 'completed',
        completionTimeoutSeconds,
      });
      const ended = await extendedWith([seconds(300), seconds(600), seconds(100)], {
        until: 'completed',
        completionTimeoutSeconds: 60,
      });
      expect(Number(limitOf(ended))).toBe(600);
    });

    it('ignores malformed signals', async () => {
      const { receipt } = await extendedWith([null, 7, {}, { until: 'ended' }, ['completed']]);
      expect(receipt?.executions[0]).not.toHaveProperty('completion');
    });
  });

  it('does not wait again for an execution that an earlier run saw to its end', async () => {
    const { receipt: earlier } = await run({});
    const { receipt, calls } = await run(
      { findEarlierUpload: async () => ({ receipt: earlier as Receipt, ran: ran }) },
      { repeatOf: 'a1' },
    );
    expect(calls).toEqual([]);
    expect(receipt?.executions).toEqual(earlier?.executions);
    expect(receipt?.steps.map(({ step }) => step)).toEqual([
      'presign',
      'upload',
      'confirm',
      'start',
      'start',
      'await',
      'await',
      'find',
    ]);
  });

  it('goes on with the wait if an earlier run only started the executions', async () => {
    const { receipt: earlier } = await run({}, { until: 'started' });
    const { receipt, calls } = await run(
      { findEarlierUpload: async () => ({ receipt: earlier as Receipt, ran: ran }) },
      { repeatOf: 'a1' },
    );
    expect(calls.sort()).toEqual(['await day 1', 'await day 7']);
    expect(receipt).toMatchObject({
      repeatOf: earlier?.runId,
      executions: [{ completion: { status: 'complete' } }, { completion: { status: 'complete' } }],
    });
  });
});
