import type { WorkflowFailedError, WorkflowHandle } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import type { Receipt } from '../../src/contract/receipt.js';

/** Waits for the end of a run, and returns its receipt or its failure. */
export const outcomeOf = (handle: WorkflowHandle) =>
  handle.result().then(
    (receipt: Receipt) => ({ receipt, failure: undefined }),
    (error: WorkflowFailedError) => ({ receipt: undefined, failure: error.cause as ApplicationFailure }),
  );

/** Returns the current details of a run, which the UI shows above its history. */
export async function currentDetailsOf(handle: WorkflowHandle): Promise<string> {
  const metadata = await handle.query<temporal.api.sdk.v1.IWorkflowMetadata>('__temporal_workflow_metadata');
  return metadata.currentDetails ?? '';
}

/** Returns the current details of a run, and the error code that its search attributes name. */
export async function shownBy(handle: WorkflowHandle): Promise<{ currentDetails: string; code: unknown }> {
  // First the query, which is answered only after the signals that were sent before.
  const currentDetails = await currentDetailsOf(handle);
  const { AplosErrorCode: [code] = [] } = (await handle.describe()).searchAttributes;
  return { currentDetails, code };
}
