import { defaultPayloadConverter, type WorkerDeploymentVersion } from '@temporalio/common';
import { z } from 'zod';
import { UploadError } from '../contract/errors.js';
import { TASK_QUEUE, WORKFLOW_TYPE } from '../contract/names.js';
import { shellWord } from '../util/shell-word.js';
import { count } from '../util/units.js';
import type { NamespaceConnection } from './connect-to-namespace.js';
import { quoteForQuery } from './query.js';
import { type TaskQueueWorkers, workersOf } from './worker-liveness.js';

/** Largest number of versions that are checked. */
const MAX_VERSIONS = 20;

/**
 * Checks that each deployment version that running uploads are pinned to has a worker. Other workers cannot continue them.
 *
 * @returns number of versions
 * @throws UploadError `WORKER_MISSING`
 */
export async function assertPinnedUploadsHaveWorkers(
  { workflowService }: Pick<NamespaceConnection, 'workflowService'>,
  namespace: string,
): Promise<number> {
  const missing: string[] = [];
  const commands: string[] = [];
  const seen: string[] = [];
  let workers: TaskQueueWorkers | undefined;
  while (seen.length < MAX_VERSIONS) {
    const query = [
      `WorkflowType = '${WORKFLOW_TYPE}' AND ExecutionStatus = 'Running' AND TemporalWorkflowVersioningBehavior = 'Pinned'`,
      ...seen.map((version) => `TemporalWorkerDeploymentVersion != ${quoteForQuery(version)}`),
    ].join(' AND ');
    const { executions } = await workflowService.listWorkflowExecutions({ namespace, query, pageSize: 1 });
    const payload = executions[0]?.searchAttributes?.indexedFields?.TemporalWorkerDeploymentVersion;
    if (!payload) break;
    const text = z.string().parse(defaultPayloadConverter.fromPayload(payload));
    seen.push(text);
    const version = parseVersion(text);
    workers ??= await workersOf(workflowService, namespace, TASK_QUEUE);
    if (workers.include(version)) continue;
    const { count: uploads } = await workflowService.countWorkflowExecutions({
      namespace,
      query: `WorkflowType = '${WORKFLOW_TYPE}' AND ExecutionStatus = 'Running' AND TemporalWorkerDeploymentVersion = ${quoteForQuery(text)}`,
    });
    const { deploymentName, buildId } = version;
    missing.push(
      `${count(Number(uploads), 'running upload')} pinned to version ${buildId} of the deployment ${deploymentName}`,
    );
    commands.push(
      `TEMPORAL_DEPLOYMENT_NAME=${shellWord(deploymentName)} TEMPORAL_WORKER_BUILD_ID=${shellWord(buildId)} aplos-upload worker`,
    );
  }
  if (missing.length === 0) return seen.length;
  throw new UploadError('WORKER_MISSING', `No worker serves ${missing.join(', ')}`, {
    action: `Start such a worker: ${commands.join('; ')}`,
  });
}

/** Parses `NAME:BUILD`. Only the build id may contain another colon. */
function parseVersion(text: string): WorkerDeploymentVersion {
  const colon = text.indexOf(':');
  return { deploymentName: text.slice(0, colon), buildId: text.slice(colon + 1) };
}
