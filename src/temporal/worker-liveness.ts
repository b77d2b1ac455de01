import { isDeepStrictEqual } from 'node:util';
import { status as grpcStatus } from '@grpc/grpc-js';
import type { WorkflowService } from '@temporalio/client';
import type { WorkerDeploymentVersion } from '@temporalio/common';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import { TASK_QUEUE } from '../contract/names.js';
import { grpcStatusOf } from './errors.js';
import { versionOf } from './versioning.js';

const { TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType;
const { WORKER_STATUS_RUNNING } = proto.temporal.api.enums.v1.WorkerStatus;

/** Interval of a worker's heartbeats to Temporal. A busy worker sends them too. */
export const WORKER_HEARTBEAT = '30 seconds';

/** A worker counts as gone if it neither polled nor sent a heartbeat for this long. One poll lasts a minute. */
const GONE_AFTER_MS = 90_000;

/** The last polls of a worker may arrive this long after the heartbeat that reports its shutdown. */
const POLL_DELAY_MS = 3_000;

type Poller = proto.temporal.api.taskqueue.v1.IPollerInfo;
type Time = Poller['lastAccessTime'];
type DeploymentVersion = Parameters<typeof versionOf>[0];
type Heartbeat = proto.temporal.api.worker.v1.IWorkerHeartbeat;

/** The workers of a task queue, as Temporal reported them at one moment. */
export interface TaskQueueWorkers {
  /**
   * Reports whether one of them is alive.
   *
   * @param version deployment version that counts, e.g. the one that the workflow is pinned to. Default: any
   */
  readonly include: (version?: WorkerDeploymentVersion | 'unversioned') => boolean;
  /** Versions that Temporal assigns new workflows to: the current one, and the ramping one, if there is one. */
  readonly assigned: readonly (WorkerDeploymentVersion | 'unversioned')[];
}

/**
 * Asks Temporal for the workers of a task queue.
 *
 * @param taskQueue a name that needs no quoting in a query
 */
export async function workersOf(
  workflowService: WorkflowService,
  namespace: string,
  taskQueue: string,
): Promise<TaskQueueWorkers> {
  const [{ pollers, versioningInfo }, heartbeats] = await Promise.all([
    workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: TASK_QUEUE_TYPE_ACTIVITY,
    }),
    heartbeatsOf(workflowService, namespace, taskQueue),
  ]);
  const now = Date.now();
  const current = versionOf(versioningInfo?.currentDeploymentVersion);
  const ramping = versionOf(versioningInfo?.rampingDeploymentVersion);
  return {
    include: (version) => {
      const counts = (candidate: DeploymentVersion) =>
        version === undefined ||
        isDeepStrictEqual(versionOf(candidate), version === 'unversioned' ? undefined : version);
      return hasLiveWorker(
        pollers.filter(({ deploymentOptions }) => counts(deploymentOptions)),
        heartbeats?.filter(({ deploymentVersion }) => counts(deploymentVersion)),
        now,
      );
    },
    assigned: [current ?? 'unversioned', ...(ramping ? [ramping] : [])],
  };
}

/** Reports whether a worker serves a task queue. See {@link workersOf} and {@link TaskQueueWorkers.include}. */
export async function hasWorker(
  workflowService: WorkflowService,
  namespace: string,
  taskQueue: string,
  version?: WorkerDeploymentVersion,
): Promise<boolean> {
  return (await workersOf(workflowService, namespace, taskQueue)).include(version);
}

/** Reports whether a worker serves new uploads: one of the current or the ramping deployment version, if there is one. */
export async function servesNewUploads(
  workflowService: WorkflowService,
  namespace: string,
): Promise<boolean> {
  const { assigned, include } = await workersOf(workflowService, namespace, TASK_QUEUE);
  return assigned.some(include);
}

/**
 * Reports whether any worker is alive, by the polls and heartbeats that Temporal received. A busy worker does not poll, but sends
 * heartbeats. A worker that shuts down reports that immediately, though Temporal lists it as a poller for five more minutes. A
 * worker that has just started has sent no heartbeat yet, so its last poll decides. If the server does not support heartbeats, the
 * list of pollers decides.
 *
 * @param heartbeats `undefined` if the server does not support them
 * @param now time in milliseconds, by this process's clock
 */
export function hasLiveWorker(
  pollers: readonly Poller[],
  heartbeats: readonly Heartbeat[] | undefined,
  now: number,
): boolean {
  if (!heartbeats) return pollers.length > 0;
  const isRecent = (time: Time) => now - msOf(time) < GONE_AFTER_MS;
  const isAlive = ({ identity, lastAccessTime }: Poller) => {
    const own = heartbeats.filter(({ workerIdentity }) => workerIdentity === identity);
    const hasShutDown = own.some(
      ({ status, heartbeatTime }) =>
        status !== WORKER_STATUS_RUNNING && msOf(lastAccessTime) < msOf(heartbeatTime) + POLL_DELAY_MS,
    );
    return isRecent(lastAccessTime) && !hasShutDown;
  };
  return (
    pollers.some(isAlive) ||
    heartbeats.some(
      ({ status, heartbeatTime }) => status === WORKER_STATUS_RUNNING && isRecent(heartbeatTime),
    )
  );
}

/** Returns the heartbeats of the workers on a task queue, or `undefined` if the server does not support heartbeats. */
async function heartbeatsOf(
  workflowService: WorkflowService,
  namespace: string,
  taskQueue: string,
): Promise<Heartbeat[] | undefined> {
  try {
    const { workersInfo } = await workflowService.listWorkers({
      namespace,
      query: `TaskQueue = '${taskQueue}'`,
    });
    return workersInfo.flatMap(({ workerHeartbeat }) => workerHeartbeat ?? []);
  } catch (error) {
    if (grpcStatusOf(error) === grpcStatus.UNIMPLEMENTED) return undefined;
    throw error;
  }
}

const msOf = (time: Time): number => optionalTsToMs(time) ?? 0;
