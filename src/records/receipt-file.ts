import { createHash } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UploadError } from '../contract/errors.js';
import type { Receipt } from '../contract/receipt.js';
import { signJson } from './envelope.js';
import type { SigningKey } from './keys.js';
import { recordBytes } from './read-record.js';
import { receiptStatement, STATEMENT_TYPE, type Statement } from './statement.js';

const MAX_NAME_LENGTH = 100;
const RECEIPT = '.receipt.';
const REPORT = '.report.';

/** Returns a name with only letters, digits and a few other characters, for a file in any file system. */
const safeName = (name: string): string =>
  name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '_').slice(0, MAX_NAME_LENGTH);

/** Returns the name of a receipt's file: the same for the same run, and another for any other run. */
export function receiptFileName(
  { fileName, workflowId, runId }: Receipt,
  extension: 'json' | 'html',
): string {
  const run = createHash('sha256').update(`${workflowId}\n${runId}`).digest('hex').slice(0, 12);
  return `${safeName(fileName)}.${run}${RECEIPT}${extension}`;
}

/** Returns the name of the file of a batch's report. */
export const reportFileName = (batch: string, extension: 'json' | 'html'): string =>
  `${safeName(batch)}${REPORT}${extension}`;

/** Reports whether a file has the name of a receipt for programs. */
export const isReceiptFile = (name: string): boolean => name.endsWith(`${RECEIPT}json`);

/** Reports whether a file has the name of a report for programs. */
export const isReportFile = (name: string): boolean => name.endsWith(`${REPORT}json`);

/** Returns the SHA-256 of a record's file, by which a report names the receipts. */
export const hashOfRecord = (content: Uint8Array): string =>
  createHash('sha256').update(content).digest('hex');

/** Returns the content of a receipt's file: signed if there is a key. */
export const receiptRecord = (receipt: Receipt, key: SigningKey | undefined): Buffer =>
  record(receiptStatement(receipt), key);

/** Returns the content of a record's file: the signed statement, or, without a key, what it states. */
export const record = (statement: Statement, key: SigningKey | undefined): Buffer =>
  recordBytes(key ? signJson(STATEMENT_TYPE, statement, key) : statement.predicate);

/**
 * Writes a file so that it never has a part of the content. Replaces a file of that name, and creates its folder if necessary.
 *
 * @throws UploadError `RECORD_UNWRITABLE`
 */
export async function writeRecord(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw new UploadError('RECORD_UNWRITABLE', `Cannot write ${path}: ${(error as Error).message}`);
  }
}
