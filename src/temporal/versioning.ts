import { isDeepStrictEqual } from 'node:util';
import type { Connection } from '@temporalio/client';
import type { WorkerDeploymentVersion } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { NativeConnection, WorkerOptions } from '@temporalio/worker';
import { UploadError } from '../contract/errors.js';
import { TASK_QUEUE } from '../contract/names.js';
import { shellWord } from '../util/shell-word.js';
import { VERSION } from '../util/version.js';

const { TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType;
const { WORKER_VERSIONING_MODE_VERSIONED } = proto.temporal.api.enums.v1.WorkerVersioningMode;

/**
 * Reads the deployment version of this worker from `TEMPORAL_DEPLOYMENT_NAME` and `TEMPORAL_WORKER_BUILD_ID`. The build
 * id defaults to the version of this package.
 *
 * @returns `undefined` if no deployment is named
 * @throws UploadError `SETTINGS_INVALID`
 */
export function deploymentVersion(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): WorkerDeploymentVersion | undefined {
  const { TEMPORAL_DEPLOYMENT_NAME: deploymentName, TEMPORAL_WORKER_BUILD_ID: buildId } = environment;
  if (deploymentName) return { deploymentName, buildId: buildId || VERSION };
  if (!buildId) return undefined;
  throw new UploadError(
    'SETTINGS_INVALID',
    'TEMPORAL_WORKER_BUILD_ID is set, but TEMPORAL_DEPLOYMENT_NAME is not',
    {
      action: 'Set both, or neither for an unversioned worker.',
    },
  );
}

/** Returns the options that pin an upload to the version it started on. */
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

/** The workers that poll the common task queue, and the version that Temporal assigns new uploads to. */
export interface Pollers {
  /** Number of workers that poll. */
  readonly workers: number;
  /** Identities of these workers: process, host and version. */
  readonly identities: readonly string[];
  /** Number of `workers` that Temporal assigns new uploads to. */
  readonly takers: number;
  /** The current version; `undefined` if new uploads go to unversioned workers. */
  readonly current: WorkerDeploymentVersion | undefined;
  /** The version that a share of new uploads goes to, if there is one. */
  readonly ramping: WorkerDeploymentVersion | undefined;
  /** Reports whether Temporal assigns new uploads to workers of a version. */
  readonly takes: (version: WorkerDeploymentVersion | undefined) => boolean;
}

/** Asks Temporal which workers poll the common task queue. */
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
    identities: pollers.map(({ identity }) => identity ?? '').sort(),
    takers: pollers.filter(({ deploymentOptions: options }) =>
      takes(
        options?.workerVersioningMode === WORKER_VERSIONING_MODE_VERSIONED ? versionOf(options) : undefined,
      ),
    ).length,
    current,
    ramping,
    takes,
  };
}

/** Converts a deployment version of Temporal's API to the SDK's type. */
export const versionOf = (
  version: proto.temporal.api.deployment.v1.IWorkerDeploymentVersion | null | undefined,
) =>
  version?.deploymentName && version.buildId
    ? { deploymentName: version.deploymentName, buildId: version.buildId }
    : undefined;

/** Describes a deployment version for messages. */
export const describeVersion = (version: WorkerDeploymentVersion | undefined) =>
  version ? `version ${version.buildId} of the deployment ${version.deploymentName}` : 'unversioned workers';

/**
 * Explains why Temporal assigns no new uploads to workers of a version, and what to do about it.
 *
 * @returns `undefined` if it does assign them
 */
export function whyNoWorkIsAssigned(
  { takes, current }: Pollers,
  version: WorkerDeploymentVersion | undefined,
): string | undefined {
  if (takes(version)) return undefined;
  if (!version)
    return `New uploads go to ${describeVersion(current)}, but this worker is unversioned. Set TEMPORAL_DEPLOYMENT_NAME.`;
  return (
    `New uploads go to ${describeVersion(current)}. To assign them to this worker (${describeVersion(version)}), run: ` +
    `temporal worker deployment set-current-version --deployment-name ${shellWord(version.deploymentName)} --build-id ${shellWord(version.buildId)}`
  );
}
