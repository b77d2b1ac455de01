import { activityInfo, getClient } from '@temporalio/activity';
import { WORKFLOW_TYPE } from '../contract/names.js';
import { whyUntrusted } from '../contract/untrusted.js';
import { isUnknownRun } from '../temporal/errors.js';
import { isMalformed, isUnreadable } from '../temporal/unreadable.js';
import { temporalUnreachable } from './temporal-unreachable.js';

/**
 * Reads the receipt of a completed run of this activity's workflow id. It is decrypted, but not checked.
 *
 * @returns `undefined` if there is no such run, it is not completed, or its receipt is unreadable or untrusted
 * @throws {@link UploadError} `TEMPORAL_UNREACHABLE`
 */
export async function readReceipt(runId: string): Promise<unknown> {
  const client = getClient();
  const workflowId = activityInfo().workflowExecution?.workflowId ?? '';
  const run = client.workflow.getHandle(workflowId, runId, { followRuns: false });
  try {
    const { type, status } = await run.describe();
    if (type !== WORKFLOW_TYPE || status.name !== 'COMPLETED') return undefined;
    const receipt: unknown = await run.result();
    return whyUntrusted(receipt) === undefined ? receipt : undefined;
  } catch (error) {
    if (isUnknownRun(error) || isUnreadable(error) || isMalformed(error)) return undefined;
    throw temporalUnreachable('Cannot read the receipt of the earlier run from Temporal', error);
  }
}
