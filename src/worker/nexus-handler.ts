import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { ApplicationFailure, type RawValue, rawValueTypeInfo } from '@temporalio/common';
import {
  type TemporalNexusClient,
  TemporalOperationHandler,
  TemporalOperationResult,
} from '@temporalio/nexus';
import * as nexus from 'nexus-rpc';
import { decodeOperationInput } from '../activities/raw-input.js';
import { UploadError } from '../contract/errors.js';
import { TASK_QUEUE, WORKFLOW_TYPE } from '../contract/names.js';
import { priorityFor } from '../contract/priority.js';
import type { Receipt } from '../contract/receipt.js';
import { parseUploadRequest, type UploadRequest } from '../contract/request.js';
import { workflowIdFor } from '../contract/workflow-id.js';
import { NEXUS_SERVICE } from '../nexus.js';

/** The service with the input as it arrived: it is checked as that of an untrusted client is. */
const service = nexus.service(NEXUS_SERVICE, {
  upload: nexus.operation<RawValue, Receipt>({ inputType: rawValueTypeInfo }),
});

/** Handler of the Nexus service. */
export const nexusHandler = nexus.serviceHandler(service, {
  upload: new TemporalOperationHandler<RawValue, Receipt>({
    start: (_context, temporal, input) => startOperation(temporal, input),
  }),
});

/**
 * Starts the workflow of a request, or joins it if it is running. If it is completed, its receipt is the result.
 *
 * @param input request, undecoded
 * @throws OperationError with the cause `REQUEST_INVALID`
 */
export async function startOperation(
  temporal: Pick<TemporalNexusClient, 'startWorkflow' | 'client'>,
  input: RawValue,
): Promise<TemporalOperationResult<Receipt>> {
  const request = requestOf(input);
  const workflowId = workflowIdFor(request);
  try {
    return await temporal.startWorkflow<UploadWorkflow>(WORKFLOW_TYPE, {
      taskQueue: TASK_QUEUE,
      workflowId,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      workflowIdConflictPolicy: 'USE_EXISTING',
      priority: priorityFor(request).started,
      args: [request],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const completed = temporal.client.workflow.getHandle<UploadWorkflow>(workflowId);
    return TemporalOperationResult.sync(await completed.result());
  }
}

type UploadWorkflow = (request: UploadRequest) => Promise<Receipt>;

function requestOf(input: RawValue): UploadRequest {
  try {
    return parseUploadRequest(decodeOperationInput(input));
  } catch (error) {
    if (!(error instanceof UploadError)) throw error;
    const cause = ApplicationFailure.nonRetryable(error.message, error.code);
    throw new nexus.OperationError('failed', error.message, { cause });
  }
}
