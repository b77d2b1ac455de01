import { isDeepStrictEqual } from 'node:util';
import { isGrpcServiceError, type WorkflowService } from '@temporalio/client';
import type { WorkerDeploymentVersion } from '@temporalio/common';
import proto from '@temporalio/proto';
import { versionOf } from './versioning.js';

const { TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType;
const { WORKER_STATUS_RUNNING } = proto.temporal.api.enums.v1.WorkerStatus;

/** Of gRPC. */
const UNIMPLEMENTED = 12;

/** How often a worker tells Temporal that it is there, however busy it is. */
export const WORKER_HEARTBEAT = '30 seconds';

/** A poll lasts a minute. What gave no sign for longer than this is not there. */
const GONE_AFTER_MS = 90_000;

/** A worker that is told to stop says goodbye while its last polls may still be on their way. */
const POLLS_ARRIVE_WITHIN_MS = 3_000;

type Poller = proto.temporal.api.taskqueue.v1.IPollerInfo;
type Time = Poller['lastAccessTime'];
type Heartbeat = proto.temporal.api.worker.v1.IWorkerHeartbeat;

/**
 * Whether a worker serves a task queue. One that is busy does not poll, but sends heartbeats; one that was told to stop
 * says so at once, though Temporal lists it as a poller for five minutes more. That list alone counts for workers of
 * which there is no heartbeat: they have just started, or the server takes none.
 *
 * @param taskQueue of a name that needs no quoting in a query
 * @param version of the workflow that asks, where it is pinned to one: workers of another do not count
 */
export async function hasWorker(
  workflowService: WorkflowService,
  namespace: string,
  taskQueue: string,
  version?: WorkerDeploymentVersion,
): Promise<boolean> {
  const isOfIt = (given: Parameters<typeof versionOf>[0]) =>
    version === undefined || isDeepStrictEqual(versionOf(given), version);
  const [{ pollers }, heartbeats] = await Promise.all([
    workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: TASK_QUEUE_TYPE_ACTIVITY,
    }),
    heartbeatsOf(workflowService, namespace, taskQueue),
  ]);
  return hasLiveWorker(
    pollers.filter(({ deploymentOptions }) => isOfIt(deploymentOptions)),
    heartbeats.filter(({ deploymentVersion }) => isOfIt(deploymentVersion)),
    Date.now(),
  );
}

/**
 * Whether anybody is there, by what Temporal knows.
 *
 * @param now in milliseconds, by this process's clock
 */
export function hasLiveWorker(
  pollers: readonly Poller[],
  heartbeats: readonly Heartbeat[],
  now: number,
): boolean {
  const isRecent = (time: Time) => now - msOf(time) < GONE_AFTER_MS;
  const isThere = ({ identity, lastAccessTime }: Poller) => {
    const own = heartbeats.filter(({ workerIdentity }) => workerIdentity === identity);
    const saidGoodbye = own.some(
      ({ status, heartbeatTime }) =>
        status !== WORKER_STATUS_RUNNING &&
        msOf(lastAccessTime) < msOf(heartbeatTime) + POLLS_ARRIVE_WITHIN_MS,
    );
    return own.length === 0 || (isRecent(lastAccessTime) && !saidGoodbye);
  };
  return (
    pollers.some(isThere) ||
    heartbeats.some(
      ({ status, heartbeatTime }) => status === WORKER_STATUS_RUNNING && isRecent(heartbeatTime),
    )
  );
}

async function heartbeatsOf(
  workflowService: WorkflowService,
  namespace: string,
  taskQueue: string,
): Promise<Heartbeat[]> {
  try {
    const { workersInfo } = await workflowService.listWorkers({
      namespace,
      query: `TaskQueue = '${taskQueue}'`,
    });
    return workersInfo.flatMap(({ workerHeartbeat }) => workerHeartbeat ?? []);
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === UNIMPLEMENTED) return [];
    throw error;
  }
}

const msOf = (time: Time): number => Number(time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1_000_000;
