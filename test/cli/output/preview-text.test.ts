import { describe, expect, it } from 'vitest';
import { analysesText, type ShownAnalysis, summaryLines } from '../../../src/cli/output/preview-text.js';

const execution = {
  executionId: '17-5:e1',
  status: 'complete',
  fileName: 'pk.csv',
  requestedAt: '2026-11-20T14:02:59.000Z',
};
const analysis = (changes: Partial<ShownAnalysis> = {}): ShownAnalysis => ({
  label: 'day-1',
  state: 'new',
  trackingId: 't1',
  similar: [],
  ...changes,
});
const textOf = (changes: Partial<ShownAnalysis>) => analysesText('pk.csv', [analysis(changes)]);

describe('analysesText', () => {
  it.each<[changes: Partial<ShownAnalysis>, text: string]>([
    [{}, 'day-1 is new'],
    [{ again: 'engine 3.2', similar: [execution] }, 'day-1 (again: engine 3.2) is new'],
    [{ state: 'paid', execution }, 'day-1 was paid on 2026-11-20 14:02 UTC (execution 17-5:e1, complete)'],
    [
      { state: 'paid', execution: { executionId: 'e', status: 'queuing', requestedAt: 'no date' } },
      'day-1 was paid before (execution e, queuing)',
    ],
    [
      { state: 'unknown' },
      'day-1 cannot be checked before the upload, because the content of the file is not known',
    ],
    [{ state: 'unlisted' }, "day-1 is not in Aplos's list"],
    [
      { similar: [{ ...execution, fileName: 'old\u001b.csv' }] },
      'day-1 is new, but the same data and configuration were analyzed as "old\\u001b.csv" on 2026-11-20 14:02 UTC (execution 17-5:e1, complete)',
    ],
    [
      { similar: [execution] },
      'day-1 is new, but the same data and configuration were analyzed with other metadata on 2026-11-20 14:02 UTC (execution 17-5:e1, complete)',
    ],
    [
      { similar: [{ ...execution, again: 'engine 3.2' }] },
      'day-1 is new, but the same data and configuration were analyzed for the reason "engine 3.2" on 2026-11-20 14:02 UTC (execution 17-5:e1, complete)',
    ],
  ])('describes %j', (changes, text) => {
    expect(textOf(changes)).toBe(text);
  });

  it('separates several analyses by semicolons', () => {
    expect(analysesText('pk.csv', [analysis(), analysis({ label: 'day-7' })])).toBe(
      'day-1 is new; day-7 is new',
    );
  });
});

describe('summaryLines', () => {
  it('returns nothing without analyses', () => {
    expect(summaryLines([])).toEqual([]);
  });

  it('counts an analysis once, however many files and labels share it', () => {
    expect(summaryLines([analysis(), analysis({ label: 'other' }), analysis({ trackingId: 't2' })])).toEqual([
      'Analyses: 2 new.',
    ]);
  });

  it('counts each state, and names the option that runs paid analyses again', () => {
    const unknown: ShownAnalysis = { label: 'day-1', state: 'unknown', similar: [] };
    const all = [
      analysis(),
      analysis({ trackingId: 't2', state: 'paid', execution }),
      analysis({ trackingId: 't3', state: 'unlisted' }),
      unknown,
      unknown,
    ];
    expect(summaryLines(all)).toEqual([
      "Analyses: 1 new, 1 paid before, 1 not in Aplos's list, 2 unknown until the upload. What was paid before is not started again. To run it again, add --again TEXT.",
    ]);
  });

  it('counts the new analyses that repeat an earlier one without a reason', () => {
    const repeated = analysis({ similar: [execution] });
    const wanted = analysis({ trackingId: 't2', again: 'engine 3.2', similar: [execution] });
    expect(summaryLines([repeated, wanted])[1]).toBe(
      '1 of the new analyses has the same data and configuration as an earlier one under another file name or with other metadata.',
    );
  });
});
