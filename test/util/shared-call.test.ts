import { describe, expect, it } from 'vitest';
import { SharedCall } from '../../src/util/shared-call.js';

describe('SharedCall', () => {
  function createSharedCall() {
    const calls: { resolve(value: number): void; reject(error: Error): void }[] = [];
    const shared = new SharedCall(
      () => new Promise<number>((resolve, reject) => calls.push({ resolve, reject })),
    );
    return { calls, shared };
  }
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('shares the next call between callers that arrive during a call', async () => {
    const { calls, shared } = createSharedCall();
    const first = shared.call();
    const later = [shared.call(), shared.call(), shared.call()];
    expect(calls).toHaveLength(1);
    calls[0]?.resolve(1);
    expect(await first).toBe(1);
    await settled();
    expect(calls).toHaveLength(2);
    calls[1]?.resolve(2);
    expect(await Promise.all(later)).toEqual([2, 2, 2]);
    void shared.call();
    expect(calls).toHaveLength(3);
  });

  it('makes the next call after a failed one', async () => {
    const { calls, shared } = createSharedCall();
    const first = shared.call();
    const second = shared.call();
    calls[0]?.reject(new Error('down'));
    await expect(first).rejects.toThrow('down');
    await settled();
    calls[1]?.resolve(2);
    expect(await second).toBe(2);
  });
});
