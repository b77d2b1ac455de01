import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { findExecution } from '../../src/activities/find-execution.js';
import type { ExecutionRecord } from '../../src/aplos/api.js';
import type { ExecutionList, Listing } from '../../src/aplos/execution-list.js';
import { elapsedMs, now } from '../../src/util/clock.js';
import { environmentFor } from '../support/job.js';

const LIST_LAG_MS = 100;
const NEVER = Number.POSITIVE_INFINITY;
const execution: ExecutionRecord = { executionId: 'e1', status: 'queuing', errors: [], hasMarks: true };

/** Returns a list that shows an execution after some time, and that was seen to lag by another time. */
function listThat({ showsAfterMs, lagMs }: { showsAfterMs: number; lagMs: number }) {
  const began = now();
  const read = async (): Promise<Listing> => {
    const isShown = elapsedMs(began) >= showsAfterMs;
    return { askedAt: now(), records: [], lagMs, find: () => (isShown ? execution : undefined) };
  };
  return { read } as Partial<ExecutionList> as ExecutionList;
}

const find = (list: ExecutionList) =>
  environmentFor().run(() =>
    findExecution(list, {
      fileName: 'pk.csv',
      trackingId: 't1',
      settleMs: LIST_LAG_MS,
      maxAgeMs: 0,
      listLagMs: LIST_LAG_MS,
    }),
  );

describe('findExecution', { tags: ['REQ-12'] }, () => {
  it('searches for as long as the execution may take to appear', async () => {
    expect(await find(listThat({ showsAfterMs: 90, lagMs: 0 }))).toBe(execution);
    expect(await find(listThat({ showsAfterMs: NEVER, lagMs: 0 }))).toBeUndefined();
  });

  it('searches a list that lags too far behind for twice the lag that was observed', async () => {
    expect(await find(listThat({ showsAfterMs: 280, lagMs: 150 }))).toBe(execution);
    expect(await find(listThat({ showsAfterMs: NEVER, lagMs: 150 }))).toBeUndefined();
  });

  it('proves nothing with a list that lags very far behind', async () => {
    await expect(find(listThat({ showsAfterMs: NEVER, lagMs: 400 }))).rejects.toMatchObject({
      code: 'START_UNSETTLED',
    });
  });

  it.each([
    ['shown', execution],
    ['not shown', undefined],
  ])(
    'looks again after the worker was suspended, and finds an execution if it is %s then',
    async (_what, shown) => {
      vi.useFakeTimers({ toFake: ['Date'] });
      onTestFinished(() => void vi.useRealTimers());
      let looks = 0;
      const read = async (): Promise<Listing> => {
        const found = looks++ > 0 ? shown : undefined;
        vi.setSystemTime(Date.now() + 3_600_000);
        return { askedAt: now(), records: [], lagMs: 0, find: () => found };
      };
      expect(await find({ read } as Partial<ExecutionList> as ExecutionList)).toBe(shown);
      expect(looks).toBe(2);
    },
  );

  it.each([
    ['read now', {}, 'no more searches'],
    ['remembered', { isRemembered: true as const }, 'more searches'],
  ])('takes an acknowledged execution that was %s as proof with %s', async (_what, more, expected) => {
    let searches = 0;
    const read = async (): Promise<Listing> => {
      searches++;
      return { askedAt: now(), records: [{ ...execution, ...more }], lagMs: 0, find: () => undefined };
    };
    const search = {
      fileName: 'pk.csv',
      trackingId: 't1',
      settleMs: 50,
      maxAgeMs: 0,
      listLagMs: LIST_LAG_MS,
    };
    const list = { read } as Partial<ExecutionList> as ExecutionList;
    expect(
      await environmentFor().run(() => findExecution(list, { ...search, provenBy: ['e1'] })),
    ).toBeUndefined();
    expect(searches > 1 ? 'more searches' : 'no more searches').toBe(expected);
  });

  it.each<[what: string, record: Partial<ExecutionRecord>, settleMs: number, code: string | undefined]>([
    ['an unknown execution of the file', {}, 50, 'START_UNSETTLED'],
    ['an unknown execution of the file, without a doubt', {}, 0, undefined],
    ['an unknown execution of another file', { fileId: 'f2' }, 50, undefined],
    ['a rejected execution of the file', { status: 'rejected' }, 50, undefined],
    ['another analysis of the file', { work: { trackingId: 't2' } }, 50, undefined],
  ])('judges a list with %s', async (_what, record, settleMs, code) => {
    const records = [{ ...execution, fileId: 'f1', ...record }];
    const read = async (): Promise<Listing> => ({ askedAt: now(), records, lagMs: 0, find: () => undefined });
    const search = {
      fileName: 'pk.csv',
      trackingId: 't1',
      fileId: 'f1',
      maxAgeMs: 0,
      listLagMs: LIST_LAG_MS,
    };
    const list = { read } as Partial<ExecutionList> as ExecutionList;
    const outcome = await environmentFor()
      .run(() => findExecution(list, { ...search, settleMs }))
      .catch((error: unknown) => error);
    expect((outcome as { code?: string } | undefined)?.code).toBe(code);
  });
});
