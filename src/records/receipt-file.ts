import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Ending } from '../contract/ending.js';
import { UploadError } from '../contract/errors.js';
import type { Receipt } from '../contract/receipt.js';
import { sha256Of } from '../util/sha256.js';
import { signJson } from './envelope.js';
import type { SigningKey } from './keys.js';
import { recordBytes } from './read-record.js';
import { endingStatement, receiptStatement, STATEMENT_TYPE, type Statement } from './statement.js';

/** Returns the SHA-256 of a record's file, by which a report names the records. */
export const hashOfRecord = (content: Uint8Array): string => sha256Of(content);

/** Returns the content of the file of a run's record: signed if there is a key. Equal records have equal bytes. */
export const runRecord = (content: Receipt | Ending, key: SigningKey | undefined): Buffer =>
  record('endingVersion' in content ? endingStatement(content) : receiptStatement(content), key);

/** Returns the content of a record's file: the signed statement, or, without a key, what it states. */
export const record = (statement: Statement, key: SigningKey | undefined): Buffer =>
  recordBytes(key ? signJson(STATEMENT_TYPE, statement, key) : statement.predicate);

/**
 * Writes a file so that it never has a part of the content. Replaces a file of that name that has other content, and creates its
 * folder if necessary.
 *
 * @throws UploadError `RECORD_UNWRITABLE`
 */
export async function writeRecord(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const found = await readFile(path).catch(() => undefined);
    if (found?.equals(Buffer.from(content))) return;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw new UploadError('RECORD_UNWRITABLE', `Cannot write ${path}: ${(error as Error).message}`, {
      action: 'Check the permissions and the free space of the folder, then run the command again.',
    });
  }
}
