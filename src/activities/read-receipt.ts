import { activityInfo, getClient } from '@temporalio/activity';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { ApplicationFailure, PayloadConverterError, ValueError } from '@temporalio/common';
import type { ErrorCode } from '../contract/errors.js';
import { WORKFLOW_TYPE } from '../contract/names.js';
import type { FailureDetails } from '../contract/steps.js';
import { isEncrypted } from '../temporal/encryption-codec.js';
import { isUnreadable } from '../temporal/unreadable.js';
import { shortenText } from '../util/shorten-text.js';

/**
 * Reads the receipt of a completed run of this activity's workflow id. It is decrypted, but not checked.
 *
 * @param encrypts whether workers encrypt receipts; then an unencrypted one was written by somebody without the key
 * @returns `undefined` if there is no such run, it is not completed, or its receipt is unreadable or unencrypted
 * @throws ApplicationFailure `TEMPORAL_UNREACHABLE`, which is retried
 */
export async function readReceipt(runId: string, encrypts: boolean): Promise<unknown> {
  const client = getClient();
  const workflowId = activityInfo().workflowExecution?.workflowId ?? '';
  const run = client.workflow.getHandle(workflowId, runId, { followRuns: false });
  try {
    const { type, status } = await run.describe();
    if (type !== WORKFLOW_TYPE || status.name !== 'COMPLETED') return undefined;
    if (encrypts && !(await isResultEncrypted(client, { workflowId, runId }))) return undefined;
    return await run.result();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || isUnreadable(error) || isMalformed(error)) return undefined;
    throw ApplicationFailure.create({
      type: CODE,
      message: `Cannot read the receipt of the earlier run from Temporal (${shortenText(String(error))}). The step is retried.`,
      details: [{ code: CODE, remedy: 'retry' } satisfies FailureDetails],
    });
  }
}

async function isResultEncrypted(
  { workflowService, options }: Client,
  execution: { readonly workflowId: string; readonly runId: string },
): Promise<boolean> {
  const { history } = await workflowService.getWorkflowExecutionHistoryReverse({
    namespace: options.namespace,
    execution,
    maximumPageSize: 1,
  });
  const result = history?.events?.[0]?.workflowExecutionCompletedEventAttributes?.result;
  return result?.payloads?.every(isEncrypted) === true;
}

/** Reports whether a payload could not be decoded. */
const isMalformed = (error: unknown): boolean =>
  [ValueError, PayloadConverterError, SyntaxError].some((type) => error instanceof type);

const CODE = 'TEMPORAL_UNREACHABLE' satisfies ErrorCode;
