import { describe, expect, it } from 'vitest';
import { RecentSet } from '../../src/util/recent-set.js';

describe('RecentSet', () => {
  it('reports whether it lacked a value', () => {
    const set = new RecentSet<string>(2);
    expect(['a', 'b', 'a', 'b'].map((value) => set.add(value))).toEqual([true, true, false, false]);
  });

  it('forgets the value that was added first', () => {
    const set = new RecentSet<string>(2);
    for (const value of ['a', 'b', 'c']) set.add(value);
    expect(['b', 'c', 'a'].map((value) => set.add(value))).toEqual([false, false, true]);
  });
});
