import { describe, expect, it } from 'vitest';
import { turnsOf } from '../../src/contract/turns.js';

describe('the turn of an upload', () => {
  const profile = 'default';

  it('is before that of every batch, and of what has not begun', () => {
    const single = turnsOf({ profile });
    const batch = turnsOf({ profile, batch: 'study-7' });
    const inOrder = [single.toGoOn, single.toBegin, batch.toGoOn, batch.toBegin];
    expect(inOrder.map(({ priorityKey }) => priorityKey)).toEqual([1, 2, 3, 4]);
  });

  it('is shared by batch, or else by account, under a key that Temporal takes', () => {
    expect(turnsOf({ profile }).toGoOn.fairnessKey).toBe('default');
    expect(turnsOf({ profile, batch: 'study-7' }).toBegin.fairnessKey).toBe('study-7');
    const { fairnessKey } = turnsOf({ profile, batch: '血漿😀'.repeat(33) }).toGoOn;
    expect(Buffer.byteLength(fairnessKey)).toBeLessThanOrEqual(64);
    const alike = ['a', 'b'].map((end) => turnsOf({ profile, batch: `phase 1, cohort 4, day ${end}` }));
    expect(new Set(alike.map(({ toGoOn }) => toGoOn.fairnessKey)).size).toBe(2);
  });
});
