import { activityInfo } from '@temporalio/activity';
import { invalidRequest } from '../contract/parse-input.js';
import { parseUploadRequest } from '../contract/request.js';
import type { CheckedRequest } from '../contract/steps.js';
import { belongsToOtherWork } from '../contract/workflow-id.js';
import type { WebhookSender } from '../webhooks/sender.js';
import { decodeInput } from './raw-input.js';

/**
 * Validates the request and fills in its defaults. Whoever uploads a file joins the run that has the workflow ID of that upload, so no
 * other request may have it.
 *
 * @param input first argument of the workflow, undecoded
 * @param argumentCount number of arguments that the workflow was started with
 * @throws UploadError `REQUEST_INVALID` with the path of every problem
 */
export const checkRequest =
  ({ webhooks }: { readonly webhooks: Pick<WebhookSender, 'hasWebhook'> }) =>
  async (input: unknown, argumentCount: number): Promise<CheckedRequest> => {
    const request = parseUploadRequest(decodeInput(input, argumentCount));
    if (belongsToOtherWork(activityInfo().workflowExecution?.workflowId ?? '', request))
      throw invalidRequest([
        'request: is not what its workflow ID was derived from. Choose another workflow ID',
      ]);
    return webhooks.hasWebhook(request.profile) ? { ...request, accountHasWebhook: true } : request;
  };
