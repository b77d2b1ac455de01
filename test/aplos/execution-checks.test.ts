import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AplosApi, ExecutionRecord } from '../../src/aplos/api.js';
import { type AwaitedExecutions, ExecutionChecks } from '../../src/aplos/execution-checks.js';
import { ExecutionList } from '../../src/aplos/execution-list.js';
import { UploadError } from '../../src/contract/errors.js';

const PAUSE_MS = 600_000;

/** Returns checks of an account, and the calls that they make. `others` is the number of executions of other programs. */
function account({
  others = 0,
  listed = () => true as boolean,
  listError = undefined as UploadError | undefined,
} = {}) {
  const calls = { single: 0, list: 0 };
  const statuses = new Map<string, string>();
  const record = (executionId: string, more: Partial<ExecutionRecord> = {}): ExecutionRecord => ({
    executionId,
    status: statuses.get(executionId) ?? 'running',
    errors: [],
    hasMarks: true,
    ...more,
  });
  const api = {
    execution: async (executionId) => {
      calls.single++;
      return record(executionId, { report: {} });
    },
  } as Partial<AplosApi> as AplosApi;
  const awaited: AwaitedExecutions = new Map();
  const list = new ExecutionList(async () => {
    calls.list++;
    if (listError) throw listError;
    return [
      ...Array.from({ length: others }, (_, index) => record(`other-${index}`)),
      ...[...awaited.keys()].filter(listed).map((id) => record(id, { report: {} })),
    ];
  });
  const checks = new ExecutionChecks(api, list, awaited);
  const ids = (count: number) => Array.from({ length: count }, (_, index) => `e-${index}`);
  /** Checks so many executions at the same time. */
  const round = (count: number, pauseMs = PAUSE_MS) =>
    Promise.all(ids(count).map((id) => checks.check(id, { pauseMs })));
  return { checks, calls, statuses, round };
}

describe('ExecutionChecks', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['performance', 'Date'] }));
  afterEach(() => vi.useRealTimers());

  it('checks a few executions one by one', async () => {
    const { calls, round } = account();
    await round(10);
    vi.advanceTimersByTime(PAUSE_MS);
    await round(10);
    expect(calls).toEqual({ single: 20, list: 0 });
  });

  it('checks many executions that are due at the same time with one request for the list', async () => {
    const { calls, round } = account();
    await round(500);
    expect(calls).toEqual({ single: 500, list: 0 });
    vi.advanceTimersByTime(PAUSE_MS);
    await round(500);
    expect(calls).toEqual({ single: 500, list: 1 });
  });

  it('serves executions from a list that is not older than a quarter of their pause', async () => {
    const { calls, round, checks } = account();
    await round(500, 20_000);
    vi.advanceTimersByTime(20_000);
    await round(400, 20_000);
    vi.advanceTimersByTime(4_000);
    await checks.check('e-450', { pauseMs: 20_000 });
    expect(calls).toEqual({ single: 500, list: 1 });
    vi.advanceTimersByTime(2_000);
    await checks.check('e-451', { pauseMs: 20_000 });
    expect(calls.single + calls.list).toBe(502);
  });

  it('does not request a list that is longer than the calls that it saves are worth', async () => {
    const { calls, round } = account({ others: 20_000 });
    await round(100);
    vi.advanceTimersByTime(PAUSE_MS);
    await round(100);
    expect(calls.list).toBe(1); // now its length is known
    vi.advanceTimersByTime(PAUSE_MS);
    await round(100);
    expect(calls).toEqual({ single: 200, list: 1 });
  });

  it('checks one by one what the list lacks', async () => {
    const { calls, round } = account({ listed: () => false });
    await round(100);
    vi.advanceTimersByTime(PAUSE_MS);
    await round(100);
    expect(calls).toEqual({ single: 200, list: 1 });
  });

  it('checks one by one if Aplos offers no list', async () => {
    const { calls, round } = account({ listError: new UploadError('API_NOT_FOUND', 'No list') });
    await round(100);
    vi.advanceTimersByTime(PAUSE_MS);
    await round(100, 60_000);
    const { list } = calls;
    expect(list).toBeLessThan(5);
    for (let minute = 0; minute < 3; minute++) {
      vi.advanceTimersByTime(60_000);
      await round(100, 60_000);
    }
    expect(calls).toEqual({ single: 500, list });
  });

  it('fails like the list if Aplos does not respond', async () => {
    const { round } = account({ listError: new UploadError('API_UNREACHABLE', 'No connection') });
    await round(100);
    vi.advanceTimersByTime(PAUSE_MS);
    await expect(round(100)).rejects.toMatchObject({ code: 'API_UNREACHABLE' });
  });

  it('forgets executions that have ended, and those that are no longer checked', async () => {
    const { checks, statuses, round } = account();
    await round(100);
    expect(checks.size).toBe(100);
    statuses.set('e-1', 'failed');
    vi.advanceTimersByTime(PAUSE_MS);
    await round(2);
    expect(checks.size).toBe(99);
    vi.advanceTimersByTime(3 * PAUSE_MS + 1);
    await round(1);
    expect(checks.size).toBe(1);
  });
});
