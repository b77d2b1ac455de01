import type { WorkflowFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { cancelExecution } from '../../src/activities/cancelExecution.js';
import { checkCancellation } from '../../src/activities/checkCancellation.js';
import { withErrorCodes } from '../../src/activities/failures.js';
import { withRawInput } from '../../src/activities/raw-input.js';
import type { AplosApi } from '../../src/aplos/api.js';
import { type ErrorCode, UploadError } from '../../src/contract/errors.js';
import { timeSkipping } from '../support/time-skipping.js';

/** How an Aplos behaves that has one execution. */
interface Behaviour {
  /** Statuses that it reports, one after the other; the last one again and again. A code: the call fails with it. */
  readonly statuses: readonly string[];
  /** Codes with which the cancellations fail, one after the other. Default: they succeed */
  readonly refusals?: readonly ErrorCode[];
  /** Default: `true` */
  readonly isOffered?: boolean;
}

describe('cancelExecutions', () => {
  const server = timeSkipping();

  function run({ statuses, refusals = [], isOffered = true }: Behaviour, ...args: readonly unknown[]) {
    const calls: string[] = [];
    let checks = 0;
    const api = {
      execution: async (executionId) => {
        const status = statuses[Math.min(checks++, statuses.length - 1)] ?? '';
        if (/^[A-Z_]+$/.test(status)) throw new UploadError(status as ErrorCode, 'Cannot get execution');
        return { executionId, status, errors: [], hasMarks: true };
      },
      cancelExecution: async (executionId) => {
        const refusal = refusals[calls.length];
        calls.push(executionId);
        if (refusal)
          throw new UploadError(refusal, 'Cannot cancel execution: the Aplos API returned status 409');
        return isOffered;
      },
    } as Partial<AplosApi> as AplosApi;
    const activities = {
      checkCancellation: withRawInput(withErrorCodes(checkCancellation)),
      cancelExecution: withErrorCodes(cancelExecution({ api: () => api })),
    };
    return server.withWorker(activities, async (taskQueue) => {
      const outcome = await server.client.workflow
        .execute('cancelExecutions', { taskQueue, workflowId: taskQueue, args: [...args] })
        .catch((error: WorkflowFailedError) => error.cause as ApplicationFailure);
      return { outcome, calls };
    });
  }

  const input = {
    profile: 'default',
    fileName: 'pk.csv',
    executions: [{ executionId: 'e-1', label: 'day 1' }],
  };
  const e1 = { executionId: 'e-1', label: 'day 1' };

  it.each<[what: string, behaviour: Behaviour, outcome: object, cancellations: number]>([
    ['is at work', { statuses: ['running', 'cancelled'] }, { outcome: 'cancelled', status: 'cancelled' }, 1],
    [
      'takes a while to stop',
      { statuses: ['running', 'running', 'running', 'cancelled'] },
      { outcome: 'cancelled' },
      2,
    ],
    ['was cancelled before', { statuses: ['canceled'] }, { outcome: 'cancelled', status: 'canceled' }, 0],
    ['had succeeded', { statuses: ['complete'] }, { outcome: 'ended', status: 'complete' }, 0],
    ['had failed', { statuses: ['failed'] }, { outcome: 'ended', status: 'failed' }, 0],
    [
      'ends while it is cancelled',
      { statuses: ['running', 'succeeded'], refusals: ['API_REFUSED'] },
      { outcome: 'ended', status: 'succeeded' },
      1,
    ],
    ['is gone', { statuses: ['API_NOT_FOUND'] }, { outcome: 'unknown', reason: 'Aplos no longer has it' }, 0],
    [
      'cannot be cancelled in version 1',
      { statuses: ['queuing'], isOffered: false },
      { outcome: 'not-cancelled', status: 'queuing', reason: expect.stringContaining('version 1') },
      1,
    ],
    [
      'may not be cancelled',
      { statuses: ['running'], refusals: ['API_FORBIDDEN'] },
      { outcome: 'not-cancelled', reason: expect.stringContaining('status 409') },
      1,
    ],
    [
      'is cancelled during an outage',
      { statuses: ['API_UNREACHABLE', 'running', 'cancelled'] },
      { outcome: 'cancelled' },
      1,
    ],
    [
      'is cancelled with a lost response',
      { statuses: ['running', 'cancelled'], refusals: ['API_UNREACHABLE'] },
      { outcome: 'cancelled' },
      1,
    ],
    [
      'cannot be asked about for a day',
      { statuses: ['API_UNREACHABLE'] },
      { outcome: 'unknown', reason: expect.stringContaining('Cannot get execution') },
      0,
    ],
  ])('returns what became of an execution that %s', async (_what, behaviour, expected, cancellations) => {
    const { outcome, calls } = await run(behaviour, input);
    expect(outcome).toEqual([{ ...e1, ...expected, ...('status' in expected ? {} : statusOf(outcome)) }]);
    expect(calls).toHaveLength(cancellations);
  });

  it('returns the outcomes in order, and none for no execution', async () => {
    const two = [e1, { executionId: 'e-2', label: 'day 2' }];
    expect((await run({ statuses: ['complete'] }, { ...input, executions: two })).outcome).toMatchObject(two);
    expect((await run({ statuses: ['complete'] }, { ...input, executions: [] })).outcome).toEqual([]);
  });

  it.each<[what: string, args: readonly unknown[]]>([
    ['no argument', []],
    ['an unknown field', [{ ...input, start: true }]],
    ['an execution without an ID', [{ ...input, executions: [{ label: 'a' }] }]],
    ['101 executions', [{ ...input, executions: Array.from({ length: 101 }, () => e1) }]],
  ])('fails with REQUEST_INVALID if it is given %s', async (_what, args) => {
    const { outcome, calls } = await run({ statuses: ['running'] }, ...args);
    expect(outcome).toMatchObject({ type: 'REQUEST_INVALID' });
    expect(calls).toEqual([]);
  });
});

/** Returns the last status, which some outcomes have. */
const statusOf = (outcome: unknown): object => {
  const [{ status } = { status: undefined }] = outcome as { status?: string }[];
  return status === undefined ? {} : { status };
};
