import { describe, expect, it } from 'vitest';
import { priorityFor } from '../../src/contract/priority.js';

describe('the turn of an upload', () => {
  const profile = 'default';

  it('is before that of every batch, and of what has not begun', () => {
    const single = priorityFor({ profile });
    const batch = priorityFor({ profile, batch: 'study-7' });
    const inOrder = [single.started, single.waiting, batch.started, batch.waiting];
    expect(inOrder.map(({ priorityKey }) => priorityKey)).toEqual([1, 2, 3, 4]);
  });

  it('is shared by batch, or else by account, under a key that Temporal takes', () => {
    expect(priorityFor({ profile }).started.fairnessKey).toBe('default');
    expect(priorityFor({ profile, batch: 'study-7' }).waiting.fairnessKey).toBe('study-7');
    const { fairnessKey } = priorityFor({ profile, batch: '血漿😀'.repeat(33) }).started;
    expect(Buffer.byteLength(fairnessKey)).toBeLessThanOrEqual(64);
    const alike = ['a', 'b'].map((end) => priorityFor({ profile, batch: `phase 1, cohort 4, day ${end}` }));
    expect(new Set(alike.map(({ started: toGoOn }) => toGoOn.fairnessKey)).size).toBe(2);
  });
});
