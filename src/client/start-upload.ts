import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import { UploadError } from '../contract/errors.js';
import { TASK_QUEUE, WORKFLOW_TYPE } from '../contract/names.js';
import { priorityFor } from '../contract/priority.js';
import type { UploadRequest } from '../contract/request.js';
import { workflowIdFor } from '../contract/workflow-id.js';
import { escapeMarkdown } from '../util/escape-markdown.js';
import { joinEarlierRuns } from './earlier-runs.js';
import { searchAttributesOf } from './search-attributes.js';
import type { StartState } from './states.js';

/** The run that a request started, or that was started before for the same work. */
export interface StartedUpload {
  readonly workflowId: string;
  readonly runId: string;
  readonly state: StartState;
}

/** Starts the workflow of a request, or returns the run that is running or done for the same work in the same batch. */
export async function startUpload(client: Client, request: UploadRequest): Promise<StartedUpload> {
  const workflowId = workflowIdFor(request);
  const firstRunId = await startRun(client, workflowId, request, REJECT_DUPLICATE);
  if (firstRunId !== undefined) return { workflowId, runId: firstRunId, state: 'started' };
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const earlier = await joinEarlierRuns(client, workflowId, request);
    if (earlier.joined) {
      const { runId, state } = earlier.joined;
      return { workflowId, runId, state: state === 'done' ? 'done' : 'running' };
    }
    const { repeatOf } = earlier.request;
    const reusePolicy = repeatOf === undefined ? ALLOW_DUPLICATE_FAILED_ONLY : ALLOW_DUPLICATE;
    const runId = await startRun(client, workflowId, earlier.request, reusePolicy);
    if (runId !== undefined)
      return { workflowId, runId, state: repeatOf === undefined ? 'started' : 'repeated' };
  }
  throw new UploadError(
    'TEMPORAL_UNAVAILABLE',
    `Temporal refused ${MAX_ATTEMPTS} times to start ${workflowId}, because it was just started or ended elsewhere`,
  );
}

/** Most attempts to start or join a workflow whose state changes between the calls. */
const MAX_ATTEMPTS = 10;

const { REJECT_DUPLICATE, ALLOW_DUPLICATE_FAILED_ONLY, ALLOW_DUPLICATE } = WorkflowIdReusePolicy;

/** Starts a run. Returns its id, or `undefined` if the workflow id is taken. */
async function startRun(
  client: Client,
  workflowId: string,
  request: UploadRequest,
  workflowIdReusePolicy: WorkflowIdReusePolicy,
): Promise<string | undefined> {
  try {
    const handle = await client.workflow.start(WORKFLOW_TYPE, {
      taskQueue: TASK_QUEUE,
      workflowId,
      workflowIdReusePolicy,
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
      staticSummary: summarize(request),
      typedSearchAttributes: searchAttributesOf(request),
      priority: priorityFor(request).started,
      args: [request],
    });
    return handle.firstExecutionRunId;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
    throw error;
  }
}

/** Returns the summary that the Temporal UI shows, as Markdown. */
const summarize = ({ fileName, host, profile, batch, requestedBy }: UploadRequest) =>
  escapeMarkdown(
    `${fileName}${host ? ` on ${host}` : ''} → Aplos (${profile})${batch ? `, batch ${batch}` : ''}${requestedBy ? `, for ${requestedBy}` : ''}`,
  );
