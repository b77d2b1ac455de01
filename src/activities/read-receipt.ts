import { activityInfo, getClient } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { ApplicationFailure, PayloadConverterError, ValueError } from '@temporalio/common';
import type { ErrorCode } from '../contract/errors.js';
import { WORKFLOW_TYPE } from '../contract/names.js';
import type { FailureDetails } from '../contract/steps.js';
import { whyUntrusted } from '../contract/untrusted.js';
import { isUnreadable } from '../temporal/unreadable.js';
import { shortenText } from '../util/shorten-text.js';

/**
 * Reads the receipt of a completed run of this activity's workflow id. It is decrypted, but not checked.
 *
 * @returns `undefined` if there is no such run, it is not completed, or its receipt is unreadable or untrusted
 * @throws ApplicationFailure `TEMPORAL_UNREACHABLE`, which is retried
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
    if (error instanceof WorkflowNotFoundError || isUnreadable(error) || isMalformed(error)) return undefined;
    throw ApplicationFailure.create({
      type: CODE,
      message: `Cannot read the receipt of the earlier run from Temporal (${shortenText(String(error))}). The step is retried.`,
      details: [{ code: CODE, remedy: 'retry' } satisfies FailureDetails],
    });
  }
}

/** Reports whether a payload could not be decoded. */
const isMalformed = (error: unknown): boolean =>
  [ValueError, PayloadConverterError, SyntaxError].some((type) => error instanceof type);

const CODE = 'TEMPORAL_UNREACHABLE' satisfies ErrorCode;
