import { status as grpcStatus } from '@grpc/grpc-js';
import { type Client, isGrpcServiceError, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import { UploadError } from '../contract/errors.js';
import { TASK_QUEUE, WORKFLOW_TYPE } from '../contract/names.js';
import { priorityFor } from '../contract/priority.js';
import type { UploadRequest } from '../contract/request.js';
import { type TemporalTarget, temporalUnreachable } from '../temporal/connection.js';
import { shortenText } from '../util/shorten-text.js';
import { searchAttributesOf } from './search-attributes.js';
import type { StartState } from './states.js';
import { workflowIdFor } from './workflow-id.js';

/** The workflow that a request started, or that was started before for the same work. */
export interface StartedUpload {
  readonly workflowId: string;
  readonly runId: string;
  readonly state: StartState;
}

/**
 * Starts the workflow of a request, or returns the one that is running or done for the same work.
 *
 * @throws {@link UploadError} `SEARCH_ATTRIBUTES_MISSING` or `TEMPORAL_UNREACHABLE`
 */
export async function startUpload(
  client: Client,
  address: TemporalTarget['address'],
  request: UploadRequest,
): Promise<StartedUpload> {
  const workflowId = workflowIdFor(request);
  try {
    const handle = await client.workflow.start(WORKFLOW_TYPE, {
      taskQueue: TASK_QUEUE,
      workflowId,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
      staticSummary: summarize(request),
      typedSearchAttributes: searchAttributesOf(request),
      priority: priorityFor(request).started,
      args: [request],
    });
    return { workflowId, runId: handle.firstExecutionRunId, state: 'started' };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError))
      throw startFailed(error, { address, namespace: client.options.namespace });
    const { runId, status } = await client.workflow.getHandle(workflowId).describe();
    return { workflowId, runId, state: status.name === 'COMPLETED' ? 'done' : 'running' };
  }
}

const summarize = ({ fileName, host, profile, batch, requestedBy }: UploadRequest) =>
  `${fileName}${host ? ` on ${host}` : ''} → Aplos (${profile})${batch ? `, batch ${batch}` : ''}${requestedBy ? `, for ${requestedBy}` : ''}`;

function startFailed(error: unknown, target: Pick<TemporalTarget, 'address' | 'namespace'>): unknown {
  if (!isGrpcServiceError(error)) return error;
  if (error.code === grpcStatus.INVALID_ARGUMENT && error.details.includes('search attribute'))
    return new UploadError(
      'SEARCH_ATTRIBUTES_MISSING',
      `The namespace "${target.namespace}" lacks search attributes (${shortenText(error.details)})`,
      { cause: error, action: 'Run: aplos-upload setup' },
    );
  return error.code === grpcStatus.UNAVAILABLE || error.code === grpcStatus.DEADLINE_EXCEEDED
    ? temporalUnreachable(target, error)
    : error;
}
