import { defineSearchAttributeKey, SearchAttributeType, WorkflowIdReusePolicy } from '@temporalio/common';
import { CancellationScope, log, ParentClosePolicy, startChild, workflowInfo } from '@temporalio/workflow';
import { WEBHOOK_WORKFLOW_TYPE, webhookWorkflowId } from '../contract/names.js';
import { requestAttributes, withinLimit } from '../contract/search-attributes.js';
import type { CheckedRequest } from '../contract/steps.js';
import { escapeMarkdown } from '../util/escape-markdown.js';
import type { RunVisibility } from './visibility.js';

/**
 * Starts the workflow that sends the webhook of a run that is about to end, if the request or the account names a receiver. Never
 * throws: a webhook does not change the result of an upload.
 *
 * @param code error code of a failed run
 */
export async function announceEnd(
  visibility: RunVisibility | undefined,
  state: 'done' | 'failed' | 'cancelled',
  code?: string,
): Promise<void> {
  const request = visibility?.request;
  if (!request?.webhook && !request?.accountHasWebhook) return;
  const { workflowId, runId, firstExecutionRunId } = workflowInfo();
  try {
    await CancellationScope.nonCancellable(() =>
      startChild(WEBHOOK_WORKFLOW_TYPE, {
        workflowId: webhookWorkflowId(firstExecutionRunId, state, code),
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: escapeMarkdown(`webhook of ${request.fileName} (${request.profile})`),
        typedSearchAttributes: attributesOf(request, visibility?.batches ?? []),
        args: [{ workflowId, runId }],
      }),
    );
  } catch (error) {
    // A run that was reset ends as before, and the webhook of that ending was delivered or is being sent.
    log.info('No webhook is sent', { error });
  }
}

const attributesOf = (request: CheckedRequest, batches: readonly string[]) => [
  ...requestAttributes(request).map(([name, value]) => ({
    key: defineSearchAttributeKey(name, SearchAttributeType.KEYWORD),
    value,
  })),
  ...(batches.length > 0
    ? [
        {
          key: defineSearchAttributeKey('AplosBatch', SearchAttributeType.KEYWORD_LIST),
          value: withinLimit(batches),
        },
      ]
    : []),
];
