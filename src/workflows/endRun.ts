import type { KnownFileFacts } from '../contract/ending.js';
import type { Receipt } from '../contract/receipt.js';
import { announceEnd } from './announceEnd.js';
import { type EndWithoutReceipt, recordEnding, recordReceipt } from './recordEnd.js';
import type { RunVisibility } from './visibility.js';

/** Records, shows and announces that a run is done. Returns its receipt. */
export async function endDone(receipt: Receipt, visibility: RunVisibility): Promise<Receipt> {
  await recordReceipt(receipt, visibility);
  visibility.completed();
  await announceEnd(visibility, 'done');
  return receipt;
}

/**
 * Records, shows and announces that a run ends without a receipt.
 *
 * @param cause error that ends the run
 * @param visibility absent if the request is not valid
 * @param file what the run knows of its file
 */
export async function endWithoutReceipt(
  end: EndWithoutReceipt,
  cause: unknown,
  visibility: RunVisibility | undefined,
  file: KnownFileFacts,
): Promise<void> {
  const { state, error } = end;
  await recordEnding(end, cause, visibility, file);
  if (error) visibility?.failed(error.code, error.message);
  else visibility?.cancelled();
  await announceEnd(visibility, state, error?.code);
}
