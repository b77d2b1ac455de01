import type { Archive } from '../../archive/archive.js';
import { readAll } from '../../archive/read-all.js';
import type { UploadClient } from '../../client.js';
import type { Ending } from '../../contract/ending.js';
import type { Receipt } from '../../contract/receipt.js';
import { contentOfRecord } from '../../records/record-content.js';
import { identityOf, isRunRecord, recordName } from '../../records/record-names.js';

/**
 * Returns the receipt of a run as its record has it: with the resets that led to the run.
 *
 * @throws UploadError as `UploadClient.result`
 */
export async function receiptOf(client: UploadClient, workflowId: string, runId?: string): Promise<Receipt> {
  const receipt = await client.result(workflowId, runId);
  const resets = await client.resets(receipt);
  return resets.length > 0 ? { ...receipt, resets } : receipt;
}

/** A record that a worker has written. */
export interface RunRecord {
  /** Name of its file. */
  readonly file: string;
  readonly bytes: Buffer;
  readonly content: Receipt | Ending;
}

/**
 * Returns the records in an archive that are about a batch, or about one of the runs.
 *
 * @param runs runs whose records are wanted although they may not name the batch
 * @throws UploadError `RECORDS_UNREADABLE`
 */
export async function recordsOfBatch(
  archive: Archive,
  batch: string,
  runs: ReadonlySet<string>,
): Promise<RunRecord[]> {
  const files = await readAll(archive, (await archive.names()).filter(isRunRecord));
  return [...files].flatMap(([file, bytes]) => {
    const content = contentOfRecord(bytes);
    // A record under the name of another run is none: whoever verifies the report finds the right one missing.
    if (!content || recordName(identityOf(content)) !== file) return [];
    return content.batches.includes(batch) || runs.has(content.runId) ? [{ file, bytes, content }] : [];
  });
}
