import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ExecutionRecord, Work } from '../../src/aplos/api.js';
import { ExecutionList } from '../../src/aplos/execution-list.js';

const HOUR_MS = 3_600_000;

const record = (trackingId: string): ExecutionRecord & { work: Work } => ({
  executionId: `execution of ${trackingId}`,
  status: 'queuing',
  errors: [],
  hasMarks: true,
  work: { trackingId },
});

/** A list whose calls are answered by hand, and what was observed of its lag. */
function listOf() {
  const calls: { resolve(records: ExecutionRecord[]): void; reject(error: Error): void }[] = [];
  const lags: number[] = [];
  const list = new ExecutionList(() => new Promise((resolve, reject) => calls.push({ resolve, reject })), {
    onLag: (seconds) => lags.push(seconds),
  });
  return { list, calls, lags };
}

describe('ExecutionList', () => {
  it('asks Aplos once for everyone who waits', async () => {
    const { list, calls } = listOf();
    const first = list.read(0);
    const others = Array.from({ length: 50 }, () => list.read(0));
    calls[0]?.resolve([]);
    await first;
    await expect.poll(() => calls).toHaveLength(2);
    calls[1]?.resolve([record('a')]);
    for (const listing of await Promise.all(others)) expect(listing.find('a')).toBeDefined();
    expect(calls).toHaveLength(2);
  });

  it('sees that an acknowledged execution is listed, even if its identity was lost', async () => {
    const { list, calls, lags } = listOf();
    const { work, ...listed } = record('a');
    list.acknowledge({ ...listed, work });
    const reading = list.read(0);
    calls[0]?.resolve([listed]);
    expect((await reading).find('a')).toMatchObject(listed);
    expect(lags).toHaveLength(1);
  });

  it.each(['rejected', 'deleted'])(
    'does not find a %s execution, even if Aplos acknowledged it',
    async (status) => {
      const { list, calls } = listOf();
      list.acknowledge(record('a'));
      const reading = list.read(0);
      calls[0]?.resolve([{ ...record('a'), status }]);
      expect((await reading).find('a')).toBeUndefined();
    },
  );

  it('uses a list again while it is recent enough', async () => {
    const { list, calls } = listOf();
    const reading = list.read(0);
    calls[0]?.resolve([record('a')]);
    await reading;
    expect((await list.read(HOUR_MS)).find('a')).toMatchObject({ executionId: 'execution of a' });
    expect(calls).toHaveLength(1);
  });

  it('joins a call in progress if that began recently enough', async () => {
    const { list, calls } = listOf();
    const readings = [list.read(0), list.read(HOUR_MS)];
    calls[0]?.resolve([record('a')]);
    await Promise.all(readings);
    expect(calls).toHaveLength(1);
  });

  it.each([
    { listMs: 2, calls: 75 },
    { listMs: 20, calls: 8 },
    { listMs: 49, calls: 4 },
    { listMs: 300, calls: 3 },
  ])('requests a list that takes $listMs ms $calls times in three seconds', async ({ listMs, calls }) => {
    vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const request = vi.fn(() => new Promise<never[]>((resolve) => setTimeout(() => resolve([]), listMs)));
    const list = new ExecutionList(request);
    for (let ms = 0; ms < 3_000; ms += 10) {
      void list.read(1);
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(request.mock.calls.length).toBe(calls);
  });

  it('asks again after a call that failed', async () => {
    const { list, calls } = listOf();
    const first = list.read(0);
    calls[0]?.reject(new Error('unavailable'));
    await expect(first).rejects.toThrow('unavailable');
    const second = list.read(HOUR_MS);
    await expect.poll(() => calls).toHaveLength(2);
    calls[1]?.resolve([record('a')]);
    expect((await second).find('a')).toBeDefined();
  });

  it('finds an execution that Aplos acknowledged, whether or not the list shows it', async () => {
    const { list, calls } = listOf();
    list.acknowledge(record('a'));
    for (const [index, shown] of [[], [record('a')], []].entries()) {
      const reading = list.read(0);
      await expect.poll(() => calls).toHaveLength(index + 1);
      calls[index]?.resolve(shown);
      expect((await reading).find('a')).toMatchObject({ executionId: 'execution of a' });
    }
  });

  it('lags as long as it lacks an execution that was acknowledged, and keeps the lag in mind', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    const { list, calls } = listOf();
    list.acknowledge(record('a'));
    const lagAfter = async (ms: number, shown: ExecutionRecord[]) => {
      vi.advanceTimersByTime(ms);
      const reading = list.read(0);
      calls.at(-1)?.resolve(shown);
      return (await reading).lagMs;
    };
    expect(await lagAfter(1_000, [])).toBe(1_000);
    expect(await lagAfter(2_000, [record('b')])).toBe(3_000);
    expect(await lagAfter(1_000, [record('a')])).toBe(4_000);
    expect(await lagAfter(60_000, [record('a')])).toBe(4_000);
    expect(await lagAfter(HOUR_MS, [record('a')])).toBe(0);
    vi.useRealTimers();
  });

  it('reports how long an execution was missing, once it appears', async () => {
    const { list, calls, lags } = listOf();
    list.acknowledge(record('a'));
    for (const [index, shown] of [[], [record('a')], [record('a')]].entries()) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      const reading = list.read(0);
      await expect.poll(() => calls).toHaveLength(index + 1);
      calls[index]?.resolve(shown);
      await reading;
    }
    expect(lags).toEqual([expect.any(Number)]);
    expect(lags[0]).toBeGreaterThan(0);
  });

  it('was never missing if it was acknowledged while the list that shows it was requested', async () => {
    const { list, calls, lags } = listOf();
    const reading = list.read(0);
    await expect.poll(() => calls).toHaveLength(1);
    list.acknowledge(record('a'));
    calls[0]?.resolve([record('a')]);
    expect((await reading).lagMs).toBe(0);
    expect(lags).toEqual([0]);
  });
});
