import { isDeepStrictEqual } from 'node:util';
import type { Connection } from '@temporalio/client';
import type { WorkerDeploymentVersion } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { NativeConnection, WorkerOptions } from '@temporalio/worker';
import { UploadError } from '../contract/errors.js';
import { TASK_QUEUE } from '../contract/names.js';
import { VERSION } from '../util/version.js';

const { TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType;
const { WORKER_VERSIONING_MODE_VERSIONED } = proto.temporal.api.enums.v1.WorkerVersioningMode;

/**
 * The version of a worker deployment that a worker belongs to, where `TEMPORAL_DEPLOYMENT_NAME` names one. Its build
 * is `TEMPORAL_WORKER_BUILD_ID`, by default the version of this package.
 *
 * @throws UploadError `SETTINGS_INVALID`
 */
export function deploymentVersion(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): WorkerDeploymentVersion | undefined {
  const { TEMPORAL_DEPLOYMENT_NAME: deploymentName, TEMPORAL_WORKER_BUILD_ID: buildId } = environment;
  if (deploymentName) return { deploymentName, buildId: buildId || VERSION };
  if (!buildId) return undefined;
  throw new UploadError('SETTINGS_INVALID', 'TEMPORAL_WORKER_BUILD_ID is set, but no deployment is named', {
    action: 'Set TEMPORAL_DEPLOYMENT_NAME too, or neither for a worker without versions.',
  });
}

/** An upload ends on the version that it began on. */
export const versioningOptions = (
  version: WorkerDeploymentVersion | undefined,
): Pick<WorkerOptions, 'workerDeploymentOptions'> =>
  version
    ? {
        workerDeploymentOptions: {
          version,
          useWorkerVersioning: true,
          defaultVersioningBehavior: 'PINNED',
        },
      }
    : {};

/** Who polls the task queue of the uploads, and which versions new uploads go to. */
export interface Pollers {
  readonly workers: number;
  /** Those of `workers` that are given new uploads. */
  readonly takers: number;
  /** What new uploads go to; undefined: to workers without a version. */
  readonly current: WorkerDeploymentVersion | undefined;
  /** Whether a worker of this version is given new uploads. */
  readonly takes: (version: WorkerDeploymentVersion | undefined) => boolean;
}

/** Asks Temporal who polls the task queue of the uploads. */
export async function pollersOf(
  { workflowService }: Pick<Connection | NativeConnection, 'workflowService'>,
  namespace: string,
): Promise<Pollers> {
  const { pollers, versioningInfo } = await workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: TASK_QUEUE },
    taskQueueType: TASK_QUEUE_TYPE_ACTIVITY,
  });
  const current = versionOf(versioningInfo?.currentDeploymentVersion);
  const ramping = versionOf(versioningInfo?.rampingDeploymentVersion);
  const takes = (version: WorkerDeploymentVersion | undefined) =>
    isDeepStrictEqual(version, current) || (version !== undefined && isDeepStrictEqual(version, ramping));
  return {
    workers: pollers.length,
    takers: pollers.filter(({ deploymentOptions: own }) =>
      takes(own?.workerVersioningMode === WORKER_VERSIONING_MODE_VERSIONED ? versionOf(own) : undefined),
    ).length,
    current,
    takes,
  };
}

/** A version as Temporal's API has it. */
export const versionOf = (
  given: proto.temporal.api.deployment.v1.IWorkerDeploymentVersion | null | undefined,
) =>
  given?.deploymentName && given.buildId
    ? { deploymentName: given.deploymentName, buildId: given.buildId }
    : undefined;

/** A version as messages name it. */
export const describeVersion = (version: WorkerDeploymentVersion | undefined) =>
  version
    ? `version ${version.buildId} of the deployment ${version.deploymentName}`
    : 'workers without a version';

/**
 * Why a worker of this version is given no new uploads, and what to do.
 *
 * @returns undefined where it is given them
 */
export function whyNoWorkIsAssigned(
  { takes, current }: Pollers,
  version: WorkerDeploymentVersion | undefined,
): string | undefined {
  if (takes(version)) return undefined;
  if (!version)
    return `New uploads go to ${describeVersion(current)}, and this worker has no version: set TEMPORAL_DEPLOYMENT_NAME`;
  return (
    `New uploads go to ${describeVersion(current)}, and to this worker (${describeVersion(version)}) after: ` +
    `temporal worker deployment set-current-version --deployment-name ${version.deploymentName} --build-id ${version.buildId}`
  );
}
