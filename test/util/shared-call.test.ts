import { describe, expect, it } from 'vitest';
import { SharedCall } from '../../src/util/shared-call.js';

describe('a coalesced call', () => {
  function calls() {
    const open: { answer(value: number): void; fail(error: Error): void }[] = [];
    const coalesced = new SharedCall(
      () => new Promise<number>((resolve, reject) => open.push({ answer: resolve, fail: reject })),
    );
    return { open, coalesced };
  }
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('answers nobody with a call that began before they asked, and all who wait with the next one', async () => {
    const { open, coalesced } = calls();
    const first = coalesced.call();
    const later = [coalesced.call(), coalesced.call(), coalesced.call()];
    expect(open).toHaveLength(1);
    open[0]?.answer(1);
    expect(await first).toBe(1);
    await settled();
    expect(open).toHaveLength(2);
    open[1]?.answer(2);
    expect(await Promise.all(later)).toEqual([2, 2, 2]);
    void coalesced.call();
    expect(open).toHaveLength(3);
  });

  it('goes on after one that failed', async () => {
    const { open, coalesced } = calls();
    const first = coalesced.call();
    const second = coalesced.call();
    open[0]?.fail(new Error('down'));
    await expect(first).rejects.toThrow('down');
    await settled();
    open[1]?.answer(2);
    expect(await second).toBe(2);
  });
});
