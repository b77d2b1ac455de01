import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchReport, reportStatement } from '../../src/records/batch-report.js';
import { checkFolder } from '../../src/records/check-folder.js';
import { verificationKeyOf } from '../../src/records/keys.js';
import { receiptFileName, receiptRecord, record } from '../../src/records/receipt-file.js';
import { sha256Of } from '../support/hashes.js';
import { aReceipt } from '../support/receipts.js';
import { newSigningKey } from '../support/signing-key.js';

const key = newSigningKey();
const names = ['one.csv', 'two.csv', 'three.csv'];
const receipts = names.map((fileName) => aReceipt({ fileName, workflowId: `default:${fileName}` }));
const files = receipts.map((receipt) => receiptFileName(receipt, 'json'));

/** Returns a folder with the records of a batch: three receipts, and a report that also names an upload that failed. */
function folder(): Map<string, Buffer> {
  const records = new Map(
    receipts.map((receipt, index) => [files[index] ?? '', receiptRecord(receipt, key)]),
  );
  const done = receipts.map((receipt, index) => {
    const file = files[index] ?? '';
    const sha256 = sha256Of(records.get(file) ?? '');
    const { workflowId, runId, fileName } = receipt;
    return { workflowId, runId, fileName, state: 'done', record: { file, sha256, receipt } };
  });
  const failure = { code: 'FILE_INVALID', message: 'four.csv: no table' };
  const failed = { workflowId: 'f', runId: 'r', fileName: 'four.csv', state: 'failed', failure };
  const report = batchReport('study-1', new Date(0), [...done, failed]);
  return records.set('study-1.report.json', record(reportStatement(report), key));
}

const failing = (records: ReadonlyMap<string, Uint8Array>) =>
  checkFolder(records, [verificationKeyOf(key)]).flatMap(({ holds, text }) => (holds ? [] : [text]));
const [first = '', second = ''] = files;

describe('a folder of records', { tags: ['REQ-20'] }, () => {
  it('holds if nothing was changed', () => {
    expect(checkFolder(folder(), [verificationKeyOf(key)])).toEqual([
      { holds: true, text: 'study-1.report.json names 3 receipts, and all of them are there.' },
    ]);
  });

  it('names a receipt that was removed', () => {
    const records = folder();
    records.delete(first);
    expect(failing(records)).toEqual([`${first} is missing: it is the receipt of one.csv.`]);
  });

  it('names two receipts that were swapped', () => {
    const records = folder();
    const [one, two] = [records.get(first), records.get(second)];
    if (one && two) records.set(first, two).set(second, one);
    expect(failing(records)).toEqual([
      `${first} is not the receipt of one.csv that study-1.report.json names.`,
      `${second} is not the receipt of two.csv that study-1.report.json names.`,
    ]);
  });

  it('names a receipt that another key signed', () => {
    const other = newSigningKey();
    const [receipt] = receipts;
    const records = folder().set(first, receipt ? receiptRecord(receipt, other) : Buffer.of());
    expect(failing(records)).toEqual([
      `${first}: The record is signed with the key ${other.keyId}, which is not one of the given keys: ${key.keyId}.`,
      `${first} is not the receipt of one.csv that study-1.report.json names.`,
    ]);
  });

  it('names a receipt that is in no report, although it is signed', () => {
    const foreign = aReceipt({ fileName: 'foreign.csv' });
    const file = receiptFileName(foreign, 'json');
    expect(failing(folder().set(file, receiptRecord(foreign, key)))).toEqual([
      `${file} is named by no report.`,
    ]);
  });

  it('says that a receipt could be missing if there is no report', () => {
    const records = folder();
    records.delete('study-1.report.json');
    expect(failing(records)).toContain(
      'The folder has no report, so nobody can tell whether a receipt is missing.',
    );
  });

  it('does not hold with any bit of any record changed', () => {
    const intact = [...folder()];
    fc.assert(
      fc.property(fc.nat(intact.length - 1), fc.nat(), (index, position) => {
        const [name = '', bytes = Buffer.of()] = intact[index] ?? [];
        const changed = Buffer.from(bytes);
        const bit = position % (8 * bytes.length);
        changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        expect(failing(new Map(intact).set(name, changed)).join()).toContain(name);
      }),
      { numRuns: 300 },
    );
  });
});
