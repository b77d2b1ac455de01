import { getClient } from '@temporalio/activity';
import type { RunReset } from '../contract/receipt.js';
import type { RunRef } from '../contract/stored-file.js';
import { readResets } from '../temporal/resets.js';
import { temporalUnreachable } from './temporal-unreachable.js';

/**
 * Reads the resets that led to a run, with the connection of this worker.
 *
 * @throws {@link UploadError} `TEMPORAL_UNREACHABLE`
 */
export async function readResetsOf(run: RunRef): Promise<RunReset[]> {
  try {
    return await readResets(getClient(), run);
  } catch (error) {
    throw temporalUnreachable(`Cannot read from Temporal how the run ${run.runId} was reset`, error);
  }
}
