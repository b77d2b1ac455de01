import { priorityFor } from '../contract/priority.js';
import type { UploadRequest } from '../contract/request.js';
import type { EarlierUpload, Timed } from '../contract/steps.js';
import { findEarlierUpload, summaries } from './activities.js';
import type { RunVisibility } from './visibility.js';

/**
 * Finds the work of the run that a request repeats. Nothing is presigned, uploaded or started.
 *
 * @returns `undefined` if the request repeats no run, or Aplos lacks something that the run did
 */
export async function findEarlierWork(
  request: UploadRequest,
  visibility: RunVisibility,
): Promise<Timed<Required<EarlierUpload>> | undefined> {
  if (request.repeatOf === undefined) return undefined;
  visibility.findingEarlierUpload();
  const { receipt, ran } = await findEarlierUpload.executeWithOptions(
    { summary: summaries.findEarlierUpload(request), priority: priorityFor(request).started },
    [{ request }],
  );
  if (!receipt) return undefined;
  visibility.earlierUploadFound(receipt);
  return { receipt, ran };
}
