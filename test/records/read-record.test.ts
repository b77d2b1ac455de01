import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signJson } from '../../src/records/envelope.js';
import { verificationKeyOf } from '../../src/records/keys.js';
import { checkFile, checkPackage, readRecord, recordBytes } from '../../src/records/read-record.js';
import { receiptStatement, STATEMENT_TYPE } from '../../src/records/statement.js';
import { aReceipt } from '../support/receipts.js';
import { newSigningKey } from '../support/signing-key.js';

const key = newSigningKey();
const receipt = aReceipt();
const record = recordBytes(signJson(STATEMENT_TYPE, receiptStatement(receipt), key));
const trusted = [verificationKeyOf(key)];
const failing = (bytes: Uint8Array, keys = trusted) =>
  readRecord(bytes, keys).findings.flatMap(({ holds, text }) => (holds ? [] : [text]));

describe('a signed receipt', () => {
  it('holds if it is unchanged', () => {
    expect(failing(record)).toEqual([]);
  });

  it('does not hold with any bit changed', { tags: ['REQ-19'] }, () => {
    fc.assert(
      fc.property(fc.nat(record.length * 8 - 1), (bit) => {
        const changed = Buffer.from(record);
        changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        expect(failing(changed)).not.toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('does not hold if bytes are added or removed', () => {
    expect(failing(record.subarray(0, -1))).not.toEqual([]);
    expect(failing(Buffer.concat([record, Buffer.from(' ')]))).not.toEqual([]);
    expect(failing(Buffer.concat([Buffer.from('\uFEFF'), record]))).not.toEqual([]);
  });

  it('names the key if another one signed it', { tags: ['REQ-19'] }, () => {
    const other = newSigningKey();
    const signed = recordBytes(signJson(STATEMENT_TYPE, receiptStatement(receipt), other));
    expect(failing(signed)).toEqual([
      `The record is signed with the key ${other.keyId}, which is not one of the given keys: ${key.keyId}.`,
    ]);
  });

  it('does not hold if another key signed it under the ID of a trusted one', { tags: ['REQ-19'] }, () => {
    const signed = signJson(STATEMENT_TYPE, receiptStatement(receipt), {
      ...newSigningKey(),
      keyId: key.keyId,
    });
    expect(failing(recordBytes(signed))).toEqual([
      `The record was changed after it was signed with the key ${key.keyId}.`,
    ]);
  });

  it('does not hold if a trusted key signed something else', () => {
    expect(failing(recordBytes(signJson(STATEMENT_TYPE, { hello: 'world' }, key)))).toEqual([
      `The key ${key.keyId} signed something else than a receipt or report of this version.`,
    ]);
    expect(failing(recordBytes(signJson('text/plain', receiptStatement(receipt), key)))).toEqual([
      `The key ${key.keyId} signed something else than a receipt or report of this version.`,
    ]);
  });
});

it('an unsigned receipt says that anybody may have changed it', () => {
  expect(failing(recordBytes(receipt))).toEqual([
    'The record is not signed, so anybody may have changed it.',
  ]);
});

it('a receipt that contradicts itself does not hold, whoever signed it', () => {
  const contradiction = { ...receipt, etag: '0'.repeat(32), etagIsMd5: true };
  const signed = recordBytes(signJson(STATEMENT_TYPE, receiptStatement(contradiction), key));
  expect(failing(signed)).toEqual([
    `The receipt contradicts itself: the ETag of ${receipt.fileName} is not its MD5.`,
  ]);
});

describe('files beside a receipt', () => {
  const { sizeBytes = 0, md5 = '', sha256 } = receipt;
  const file = { name: 'copy.csv', sizeBytes, md5, sha256 };
  const facts = readRecord(record, trusted).receipt;
  if (!facts) throw new Error('no receipt');

  it('are recognised by all of their sums', () => {
    expect(checkFile(facts, file).holds).toBe(true);
    expect(checkFile(facts, { ...file, sizeBytes: 1 }).text).toContain('1 bytes instead of');
    expect(checkFile(facts, { ...file, md5: '0'.repeat(32) }).holds).toBe(false);
    expect(checkFile(facts, { ...file, sha256: '0'.repeat(64) }).holds).toBe(false);
  });

  it('are recognised as a result package by size and SHA-256', () => {
    const results = { location: 'file:///results/auc.zip', sizeBytes: 3, sha256: 'a'.repeat(64) };
    const [execution] = receipt.executions;
    const packages = [{ ...results, inputVerified: true, configurationVerified: true }];
    const withResults = aReceipt({ executions: execution ? [{ ...execution, packages }] : [] });
    const signed = recordBytes(signJson(STATEMENT_TYPE, receiptStatement(withResults), key));
    const read = readRecord(signed, trusted).receipt;
    const zip = { ...results, name: 'auc.zip', md5: '' };
    expect(read && checkPackage(read, zip)).toEqual({
      holds: true,
      text: 'auc.zip is the result package of auc.',
    });
    expect(read && checkPackage(read, { ...zip, sizeBytes: 4 }).holds).toBe(false);
  });

  it('are no result packages if the upload has none', () => {
    expect(checkPackage(facts, file).holds).toBe(false);
  });
});
