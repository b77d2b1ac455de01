import { activityInfo, getClient } from '@temporalio/activity';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { BATCH_CHANGED_SIGNAL, BATCH_WEBHOOK_WORKFLOW_TYPE } from '../contract/names.js';
import type { SearchAttributeName } from '../contract/search-attributes.js';
import type { BatchWebhookInput } from '../contract/webhooks.js';
import { escapeMarkdown } from '../util/escape-markdown.js';
import { temporalUnreachable } from './temporal-unreachable.js';

const PROFILE = defineSearchAttributeKey(
  'AplosProfile' satisfies SearchAttributeName,
  SearchAttributeType.KEYWORD,
);
const BATCH = defineSearchAttributeKey(
  'AplosBatch' satisfies SearchAttributeName,
  SearchAttributeType.KEYWORD_LIST,
);

/**
 * Starts the workflow that watches a batch, or makes it check the batch again if it is running.
 *
 * @throws {@link UploadError} `TEMPORAL_UNREACHABLE`
 */
export async function watchBatch(workflowId: string, input: BatchWebhookInput): Promise<void> {
  const { profile, batch } = input;
  try {
    await getClient().workflow.signalWithStart(BATCH_WEBHOOK_WORKFLOW_TYPE, {
      workflowId,
      taskQueue: activityInfo().taskQueue,
      signal: BATCH_CHANGED_SIGNAL,
      staticSummary: escapeMarkdown(`webhook of batch ${batch} (${profile})`),
      typedSearchAttributes: [
        { key: PROFILE, value: profile },
        { key: BATCH, value: [batch] },
      ],
      args: [input],
    });
  } catch (error) {
    throw temporalUnreachable(`Cannot watch the batch ${batch}`, error);
  }
}
