import { getClient } from '@temporalio/activity';
import type { RunRef } from '../contract/stored-file.js';
import { readStoredFile, type StoredFileRecord } from '../temporal/stored-files.js';
import { temporalUnreachable } from './temporal-unreachable.js';

/**
 * Reads which file a run has stored at Aplos, with the connection of this worker.
 *
 * @returns `undefined` if Temporal cannot tell
 * @throws {@link UploadError} `TEMPORAL_UNREACHABLE`
 */
export async function readStoredFileOf(run: RunRef): Promise<StoredFileRecord | undefined> {
  try {
    return await readStoredFile(getClient(), run);
  } catch (error) {
    throw temporalUnreachable(`Cannot read from Temporal which file the run ${run.runId} has stored`, error);
  }
}
