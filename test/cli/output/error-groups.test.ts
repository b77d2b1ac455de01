import { describe, expect, it } from 'vitest';
import { type ErrorGroup, groupLines, groupMessage } from '../../../src/cli/output/error-groups.js';
import { rowsOf } from '../../../src/cli/output/fit.js';
import { type ErrorCode, errorTable } from '../../../src/contract/errors.js';

const SCREEN = { columns: 80, rows: 24 };
const names = (count: number) => Array.from({ length: count }, (_, index) => `site-1/pk-${index}.csv`);
const group = (code: ErrorCode, changes: Partial<ErrorGroup> = {}): ErrorGroup => ({
  code,
  state: 'failed',
  total: 40,
  names: names(12),
  message: `pk-0.csv: ${'This happened in detail, '.repeat(12)}and so on. ${errorTable[code].action}`,
  ...changes,
});

describe('groupLines', () => {
  it('shows three causes of 65 failures on one screen, each with what to do', () => {
    const groups = [
      group('ALLOCATION_EXHAUSTED'),
      group('S3_SIGNATURE_REFUSED', { total: 17 }),
      group('FILE_INVALID', { total: 8, names: names(8) }),
    ];
    const summaryLinkAndShell = 6;
    const room = { columns: 80, rows: SCREEN.rows - summaryLinkAndShell };
    const lines = groupLines(groups, '--batch study-8', room);
    expect(rowsOf(lines, room.columns)).toBeLessThanOrEqual(room.rows);
    const text = lines.join('\n');
    expect(text).toContain('40 failed: ALLOCATION_EXHAUSTED');
    expect(text).toContain('Buy or free allocations in Aplos NCA.');
    expect(text).toMatch(/site-1\/pk-0\.csv, .*… \d+ more/);
    expect(text).toContain('Then: aplos-upload replay --batch study-8 --error ALLOCATION_EXHAUSTED');
    expect(text).toContain('aplos-upload status --batch study-8 --error FILE_INVALID --each');
    expect(text).not.toContain('replay --batch study-8 --error FILE_INVALID');
  });

  it('shows the whole message without a terminal', () => {
    const whole = group('ALLOCATION_EXHAUSTED');
    const lines = groupLines([whole], '', { columns: 120, rows: Number.POSITIVE_INFINITY });
    expect(lines).toContain(`  ${whole.message}`);
    expect(lines).toContain('  Then: aplos-upload replay --error ALLOCATION_EXHAUSTED');
  });

  it('advises nothing but the cause for running uploads', () => {
    const text = groupLines([group('S3_UNAVAILABLE', { state: 'running' })], '', SCREEN).join('\n');
    expect(text).toContain('40 running: S3_UNAVAILABLE');
    expect(text).toContain('Temporal retries them.');
    expect(text).not.toContain('aplos-upload replay');
  });

  it('leaves out the hint to replay one upload', () => {
    expect(groupMessage('a.csv: x.\n Buy it. Then replay the upload.')).toBe('a.csv: x. Buy it.');
  });
});
