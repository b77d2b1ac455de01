import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identityOf, recordName, reportFileName } from '../../src/records/record-names.js';
import { anEnding, aReceipt } from '../support/receipts.js';

describe('the name of a record', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 });

  it('fits into any file system, whatever the file is called', () => {
    fc.assert(
      fc.property(text, (fileName) => {
        const name = recordName(identityOf(aReceipt({ fileName })));
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
        expect(name).toMatch(/^[\p{L}\p{N}._-]+$/u);
      }),
    );
  });

  it('differs for each run, and for a receipt and another ending of the same run', () => {
    const names = [
      aReceipt(),
      aReceipt({ runId: 'another' }),
      aReceipt({ workflowId: 'another' }),
      anEnding(),
      anEnding({ ...aReceipt(), endingVersion: 1 } as never),
    ].map((each) => recordName(identityOf(each)));
    expect(new Set(names).size).toBe(names.length);
  });

  it('of a report differs for batches that differ in characters that no file name has', () => {
    const names = ['a b', 'a/b', 'a_b', 'a:b'].map((batch) => reportFileName(batch, 'json'));
    expect(new Set(names).size).toBe(4);
    expect(reportFileName('a_b', 'json')).toBe('a_b.report.json');
  });
});
