import { describe, expect, it } from 'vitest';
import { priorityFor } from '../../src/contract/priority.js';

describe('priorityFor', () => {
  const profile = 'default';

  it('puts single uploads before batches, and started uploads before waiting ones', () => {
    const single = priorityFor({ profile });
    const batch = priorityFor({ profile, batch: 'study-7' });
    const inOrder = [single.started, single.waiting, batch.started, batch.waiting];
    expect(inOrder.map(({ priorityKey }) => priorityKey)).toEqual([1, 2, 3, 4]);
  });

  it('shares capacity by batch, or by account without a batch, with a key of at most 64 bytes', () => {
    expect(priorityFor({ profile }).started.fairnessKey).toBe('default');
    expect(priorityFor({ profile, batch: 'study-7' }).waiting.fairnessKey).toBe('study-7');
    const { fairnessKey } = priorityFor({ profile, batch: '血漿😀'.repeat(33) }).started;
    expect(Buffer.byteLength(fairnessKey)).toBeLessThanOrEqual(64);
    const similar = ['a', 'b'].map((end) => priorityFor({ profile, batch: `phase 1, cohort 4, day ${end}` }));
    expect(new Set(similar.map(({ started }) => started.fairnessKey)).size).toBe(2);
  });
});
