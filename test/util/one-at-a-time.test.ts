import { describe, expect, it } from 'vitest';
import { OneAtATime } from '../../src/util/one-at-a-time.js';

describe('OneAtATime', () => {
  it('runs work with the same key one after the other, also after a failure', async () => {
    const oneAtATime = new OneAtATime();
    let running = 0;
    const work = async (fails: boolean) => {
      expect(++running).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      if (fails) throw new Error('failed');
      return 'done';
    };
    const results = await Promise.allSettled(
      [false, true, false, true, false].map((fails) => oneAtATime.run('a', () => work(fails))),
    );
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
  });

  it('runs work with different keys side by side', async () => {
    const oneAtATime = new OneAtATime();
    let running = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    };
    await Promise.all(['a', 'b', 'c'].map((key) => oneAtATime.run(key, work)));
    expect(most).toBe(3);
  });
});
