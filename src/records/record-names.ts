import type { Ending } from '../contract/ending.js';
import type { Receipt } from '../contract/receipt.js';
import type { RunRef } from '../contract/stored-file.js';
import { shortHashOf } from '../util/sha256.js';

/** Any file system takes names of 255 bytes. Extensions, and names of temporary files, come on top of this. */
const MAX_NAME_BYTES = 120;
const RECEIPT = '.receipt.';
const ENDING = '.ending.';
const REPORT = '.report.';
const CONFIGURATION = '.configuration.json';

/** Returns a name with only letters, digits and a few other characters, for a file in any file system. */
function safeName(name: string): string {
  const characters = [...name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '_')];
  while (Buffer.byteLength(characters.join('')) > MAX_NAME_BYTES) characters.pop();
  return characters.join('');
}

/** The run that a record is about, and what the record is. */
export interface RecordIdentity extends RunRef {
  readonly kind: 'receipt' | 'ending';
  /** Absent if the request of the run is not valid. */
  readonly fileName?: string | undefined;
}

/** Returns the name of a record's file: the same for the same run, and another for any other run. */
export const recordName = (
  { kind, workflowId, runId, fileName = 'unknown' }: RecordIdentity,
  extension: 'json' | 'html' = 'json',
): string =>
  `${safeName(fileName)}.${shortHashOf(`${workflowId}\n${runId}`)}${kind === 'receipt' ? RECEIPT : ENDING}${extension}`;

/** Returns the identity of a receipt, or of the record of another ending. */
export const identityOf = (record: Receipt | Ending): RecordIdentity => ({
  kind: 'endingVersion' in record ? 'ending' : 'receipt',
  workflowId: record.workflowId,
  runId: record.runId,
  fileName: record.fileName,
});

/** Returns the name of the file of a batch's report: another for any other batch. */
export function reportFileName(batch: string, extension: 'json' | 'html'): string {
  const name = safeName(batch);
  return `${name}${name === batch ? '' : `.${shortHashOf(batch)}`}${REPORT}${extension}`;
}

/** Returns the name of the file of a configuration, which has its SHA-256. */
export const configurationFileName = (sha256: string): string => `${sha256}${CONFIGURATION}`;

/** Returns the SHA-256 in the name of a configuration's file; `undefined` if the file is something else. */
export const sha256InName = (name: string): string | undefined =>
  name.endsWith(CONFIGURATION) ? name.slice(0, -CONFIGURATION.length) : undefined;

/** Reports whether a file has the name of a record of a run, for programs. */
export const isRunRecord = (name: string): boolean =>
  name.endsWith(`${RECEIPT}json`) || name.endsWith(`${ENDING}json`);

/** Reports whether a file has the name of a report for programs. */
export const isReportFile = (name: string): boolean => name.endsWith(`${REPORT}json`);
