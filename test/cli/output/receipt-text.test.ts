import { describe, expect, it } from 'vitest';
import { receiptLines } from '../../../src/cli/output/receipt-text.js';
import type { StartedExecution } from '../../../src/contract/receipt.js';
import { aReceipt } from '../../support/receipts.js';

const execution: StartedExecution = {
  label: 'day-1',
  executionId: 'e1',
  status: 'complete',
  trackingId: 't1',
  configurationSha256: 'c1',
  origin: 'started',
};
const textWith = (changes: Partial<StartedExecution>): string => {
  const receipt = aReceipt({ executions: [{ ...execution, ...changes }] });
  return receiptLines(receipt).join('\n');
};

describe('receiptLines', () => {
  it.each<[changes: Partial<StartedExecution>, line: string]>([
    [{}, 'e1  day-1 (complete)\n'],
    [{ origin: 'found' }, 'e1  day-1 (complete), found, not started again\n'],
    ...['failed', 'cancelled', 'timed_out'].map((status): [object, string] => [
      { origin: 'found', status },
      `e1  day-1 (${status}), found, not started again (to repeat it, add --again REASON)\n`,
    ]),
    [{ again: 'engine 3.2' }, 'e1  day-1 (complete), again: engine 3.2\n'],
    [
      { origin: 'found', again: 'engine 3.2' },
      'e1  day-1 (complete), found, not started again, again: engine 3.2\n',
    ],
  ])('shows the origin and the reason of an execution with %j', (changes, line) => {
    expect(textWith(changes)).toContain(` ${line}`);
  });

  it('does not count the checks of an execution at work as attempts', () => {
    const times = { startedAt: '2026-03-02T08:00:00.000Z', finishedAt: '2026-03-02T08:00:01.000Z' };
    const steps = [
      { step: 'start', label: 'day-1', ...times, attempts: 2 },
      { step: 'await', label: 'day-1', ...times, attempts: 348 },
    ] as const;
    expect(receiptLines(aReceipt({ steps })).at(-1)).toContain('2 steps, 3 attempts');
  });
});
