import { activityInfo } from '@temporalio/activity';
import { UploadError } from '../contract/errors.js';
import { invalidRequest } from '../contract/parse-input.js';
import { parseUploadRequest } from '../contract/request.js';
import type { CheckedRequest } from '../contract/steps.js';
import { belongsToOtherWork } from '../contract/workflow-id.js';
import type { WebhookSender } from '../webhooks/sender.js';
import type { ActivityDependencies } from './dependencies.js';
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
  ({ webhooks, records }: CheckDependencies) =>
  async (input: unknown, argumentCount: number): Promise<CheckedRequest> => {
    try {
      const request = parseUploadRequest(decodeInput(input, argumentCount));
      if (belongsToOtherWork(activityInfo().workflowExecution?.workflowId ?? '', request))
        throw invalidRequest([
          'request: is not what its workflow ID was derived from. Choose another workflow ID',
        ]);
      return {
        ...request,
        ...(webhooks.hasWebhook(request.profile) ? { accountHasWebhook: true } : {}),
        ...(records ? { keepsRecords: true } : {}),
      };
    } catch (error) {
      throw records && error instanceof UploadError ? inRecordedRun(error) : error;
    }
  };

/** What the settings of the worker add to a request. */
export interface CheckDependencies extends Pick<ActivityDependencies, 'records'> {
  readonly webhooks: Pick<WebhookSender, 'hasWebhook'>;
}

/** Returns an error that tells the workflow to write a record, as there is no request that could. */
const inRecordedRun = (error: UploadError): UploadError =>
  new UploadError(error.code, error.happened, {
    cause: error,
    details: { ...error.details, keepsRecords: true },
  });
