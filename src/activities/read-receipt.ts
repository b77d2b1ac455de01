import { activityInfo, getClient } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { ErrorCode } from '../contract/errors.js';
import { WORKFLOW_TYPE } from '../contract/names.js';
import type { FailureDetails } from '../contract/steps.js';
import { isUnreadable } from '../temporal/unreadable.js';
import { shortenText } from '../util/shorten-text.js';

/**
 * Reads the receipt of a completed run of this activity's workflow id. It is decrypted, but not checked.
 *
 * @returns `undefined` if there is no such run, it is not completed, or this worker lacks the key of its receipt
 * @throws ApplicationFailure `TEMPORAL_UNREACHABLE`, which is retried
 */
export async function readReceipt(runId: string): Promise<unknown> {
  const { workflowExecution } = activityInfo();
  const run = getClient().workflow.getHandle(workflowExecution?.workflowId ?? '', runId, {
    followRuns: false,
  });
  try {
    const { type, status } = await run.describe();
    return type === WORKFLOW_TYPE && status.name === 'COMPLETED' ? await run.result() : undefined;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || isUnreadable(error)) return undefined;
    throw ApplicationFailure.create({
      type: CODE,
      message: `Cannot read the receipt of the earlier run from Temporal (${shortenText(String(error))}). The step is retried.`,
      details: [{ code: CODE, remedy: 'retry' } satisfies FailureDetails],
    });
  }
}

const CODE = 'TEMPORAL_UNREACHABLE' satisfies ErrorCode;
