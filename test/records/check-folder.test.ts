import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ending } from '../../src/contract/ending.js';
import type { Receipt } from '../../src/contract/receipt.js';
import { batchReport, type ReportedRecord, reportStatement } from '../../src/records/batch-report.js';
import { canonicalBytes } from '../../src/records/canonical.js';
import { checkFolder } from '../../src/records/check-folder.js';
import { verificationKeyOf } from '../../src/records/keys.js';
import { record, runRecord } from '../../src/records/receipt-file.js';
import { configurationFileName, identityOf, recordName } from '../../src/records/record-names.js';
import { sha256Of } from '../support/hashes.js';
import { anEnding, aReceipt } from '../support/receipts.js';
import { newSigningKey } from '../support/signing-key.js';

const key = newSigningKey();
const names = ['one.csv', 'two.csv', 'three.csv'];
const receipts = names.map((fileName) => aReceipt({ fileName, workflowId: `default:${fileName}` }));
const files = receipts.map((receipt) => recordName(identityOf(receipt)));

const earlier = anEnding({ fileName: 'one.csv', workflowId: 'default:one.csv', runId: 'failed before' });
const failed = anEnding({ fileName: 'four.csv' });

const reported = (content: Receipt | Ending): ReportedRecord => ({
  file: recordName(identityOf(content)),
  sha256: sha256Of(runRecord(content, key)),
  writtenBy: 'worker',
  ...('endingVersion' in content ? { ending: content } : { receipt: content }),
});

/** The records of a batch: three receipts, one of them after a run that failed, and an upload that failed. */
const contents = [...receipts, earlier, failed];

function report(batch = 'study-1'): Buffer {
  const done = receipts.map(({ workflowId, runId, fileName }, index) => ({
    workflowId,
    runId,
    fileName,
    state: 'done',
    ...(receipts[index] ? { record: reported(receipts[index]) } : {}),
    ...(index === 0
      ? { earlierRuns: [{ runId: earlier.runId, state: 'failed', record: reported(earlier) }] }
      : {}),
  }));
  const { workflowId, runId, fileName = '', error: failure } = failed;
  const last = { workflowId, runId, fileName, state: 'failed', ...(failure ? { failure } : {}) };
  const running = { workflowId: 'default:five.csv', runId: 'r', fileName: 'five.csv', state: 'running' };
  const uploads = [...done, { ...last, record: reported(failed) }, running];
  return record(reportStatement(batchReport(batch, new Date(0), uploads)), key);
}

/** Returns a folder with the records of a batch and its report. */
const folder = (): Map<string, Buffer> =>
  new Map([
    ...contents.map((each) => [recordName(identityOf(each)), runRecord(each, key)] as const),
    ['study-1.report.json', report()],
  ]);

const failing = (records: ReadonlyMap<string, Uint8Array>) =>
  checkFolder(records, [verificationKeyOf(key)]).flatMap(({ holds, text }) => (holds ? [] : [text]));
const [first = '', second = ''] = files;

describe('a folder of records', { tags: ['REQ-20'] }, () => {
  it('holds if nothing was changed', () => {
    expect(checkFolder(folder(), [verificationKeyOf(key)])).toEqual([
      { holds: true, text: 'study-1.report.json: 5 records named, none missing or changed.' },
    ]);
  });

  it('names a receipt that was removed', () => {
    const records = folder();
    records.delete(first);
    expect(failing(records)).toEqual([`${first} is missing: it is a record of one.csv.`]);
  });

  it('names the record of an earlier run that was removed', () => {
    const records = folder();
    records.delete(recordName(identityOf(earlier)));
    expect(failing(records)).toEqual([
      `${recordName(identityOf(earlier))} is missing: it is a record of one.csv.`,
    ]);
  });

  it('names the record of a failed upload that a receipt was put in place of', () => {
    const name = recordName(identityOf(failed));
    const records = folder().set(name, runRecord(aReceipt({ fileName: 'four.csv' }), key));
    expect(failing(records)).toContain(
      `${name} is not the record of four.csv that study-1.report.json names.`,
    );
  });

  it('may have records of other batches beside those of a report that is elsewhere', () => {
    const other = anEnding({ fileName: 'other.csv', batches: ['study-2'] });
    const forgotten = anEnding({ fileName: 'six.csv', batches: ['study-1'] });
    const archive = folder().set(recordName(identityOf(other)), runRecord(other, key));
    archive.delete('study-1.report.json');
    const reports = new Map([['study-1.report.json', report()]]);
    const check = () => checkFolder(archive, [verificationKeyOf(key)], { reports });
    expect(check()).toEqual([
      { holds: true, text: 'study-1.report.json: 5 records named, none missing or changed.' },
    ]);
    archive.set(recordName(identityOf(forgotten)), runRecord(forgotten, key));
    expect(check()).toContainEqual({
      holds: false,
      text: `${recordName(identityOf(forgotten))} of batch study-1 is named by no report.`,
    });
  });

  it('names a configuration whose SHA-256 is not the one in its name', () => {
    const configuration = canonicalBytes({ version: '1' });
    const name = configurationFileName(sha256Of(configuration));
    expect(failing(folder().set(name, configuration))).toEqual([]);
    expect(failing(folder().set(name, canonicalBytes({ version: '2' })))).toEqual([
      `${name}: The configuration was changed: its SHA-256 is not the one in its name.`,
    ]);
  });

  it('names two receipts that were swapped', () => {
    const records = folder();
    const [one, two] = [records.get(first), records.get(second)];
    if (one && two) records.set(first, two).set(second, one);
    expect(failing(records)).toEqual([
      `${first}: The record belongs to another run: its name was ${second}.`,
      `${second}: The record belongs to another run: its name was ${first}.`,
      `${first} is not the record of one.csv that study-1.report.json names.`,
      `${second} is not the record of two.csv that study-1.report.json names.`,
    ]);
  });

  it('names a receipt that another key signed', () => {
    const other = newSigningKey();
    const [receipt] = receipts;
    const records = folder().set(first, receipt ? runRecord(receipt, other) : Buffer.of());
    expect(failing(records)).toEqual([
      `${first}: The record is signed with the key ${other.keyId}, which is not one of the given keys: ${key.keyId}.`,
      `${first} is not the record of one.csv that study-1.report.json names.`,
    ]);
  });

  it('names a receipt that is in no report, although it is signed', () => {
    const foreign = aReceipt({ fileName: 'foreign.csv' });
    const file = recordName(identityOf(foreign));
    expect(failing(folder().set(file, runRecord(foreign, key)))).toEqual([`${file} is named by no report.`]);
  });

  it('says that a receipt could be missing if there is no report', () => {
    const records = folder();
    records.delete('study-1.report.json');
    expect(failing(records)).toContain(
      'The folder has no report, so nobody can tell whether a record is missing.',
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
      { numRuns: 150 },
    );
  });
});
