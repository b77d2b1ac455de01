import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { msToTs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import { TASK_QUEUE } from '../../src/contract/names.js';
import { untilRunning } from './until-running.js';
import type { World } from './world.js';

const { COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK } = proto.temporal.api.enums.v1.CommandType;

/** Returns a value as any SDK sends it without a key. */
export const plaintext = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);

/** Someone who may write to the namespace and does not have the key. */
export interface Attacker {
  /** URL of a server of theirs, on a host that the worker may send files to. */
  readonly url: string;
  /** URL of the same server, on a host that is not allowed. */
  readonly foreignUrl: string;
  /** Returns how many bytes their server has received. */
  bytesReceived(): number;
  /** Waits until a worker executes an activity, and returns its id. */
  running(workflowId: string, activityType: string): Promise<string>;
  /** Completes an activity, like `temporal activity complete`. */
  complete(workflowId: string, activityId: string, result: Payload | undefined): Promise<void>;
  /** Fails an activity, like `temporal activity fail`. Temporal retries it if the failure has no details. */
  fail(
    workflowId: string,
    activityId: string,
    failure: {
      readonly type: string;
      readonly details?: Payload;
      readonly lastHeartbeat?: Payload;
      /** Payload for message and stack. Default: they are not encrypted */
      readonly encodedAttributes?: Payload;
      /** Default: if it has details */
      readonly isFinal?: boolean;
    },
  ): Promise<void>;
  /** Calls an activity of the workers from a workflow of their own, and returns its id. */
  callFromWorkflow(workflowType: string, activityType: string, input: unknown): Promise<string>;
  /** Records a heartbeat of an activity, like a worker. Without details, it clears those of the heartbeat before. */
  heartbeat(workflowId: string, activityId: string, details?: Payload): Promise<void>;
  /** Returns the input of each activity of this type in a workflow, as Temporal stores it. */
  inputsIn(workflowId: string, activityType: string): Promise<Payload[][]>;
  /** Returns the results of the completed activities of a workflow, as Temporal stores them. */
  resultsIn(workflowId: string, activityType: string): Promise<Payload[]>;
  stop(): void;
}

/** Creates an attacker on a namespace. */
export async function attackerOn({ rawClient, temporal: { namespace } }: World): Promise<Attacker> {
  let bytes = 0;
  const server = createServer((_request, response) => response.writeHead(204).end());
  server.on('connection', (socket) => {
    socket.on('data', (chunk) => {
      bytes += chunk.length;
    });
  });
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const service = rawClient.workflowService;
  return {
    url: `http://127.0.0.1:${port}/bucket`,
    foreignUrl: `http://${addressOfThisMachine()}:${port}/bucket`,
    bytesReceived: () => bytes,
    running: (workflowId, activityType) => untilRunning(rawClient, workflowId, activityType),
    complete: async (workflowId, activityId, result) => {
      await service.respondActivityTaskCompletedById({
        namespace,
        workflowId,
        activityId,
        ...(result ? { result: { payloads: [result] } } : {}),
      });
    },
    fail: async (
      workflowId,
      activityId,
      { type, details, lastHeartbeat, encodedAttributes, isFinal = details !== undefined },
    ) => {
      await service.respondActivityTaskFailedById({
        namespace,
        workflowId,
        activityId,
        failure: {
          message: 'forged',
          ...(encodedAttributes ? { encodedAttributes } : {}),
          applicationFailureInfo: {
            type,
            nonRetryable: isFinal,
            ...(details ? { details: { payloads: [details] } } : {}),
          },
        },
        ...(lastHeartbeat ? { lastHeartbeatDetails: { payloads: [lastHeartbeat] } } : {}),
      });
    },
    callFromWorkflow: async (workflowType, activityType, input) => {
      const workflowId = `attack-${randomUUID()}`;
      const taskQueue = { name: workflowId };
      await service.startWorkflowExecution({
        namespace,
        workflowId,
        requestId: workflowId,
        workflowType: { name: workflowType },
        taskQueue,
      });
      const { taskToken } = await rawClient.connection.withDeadline(Date.now() + 20_000, () =>
        service.pollWorkflowTaskQueue({ namespace, taskQueue }),
      );
      await service.respondWorkflowTaskCompleted({
        namespace,
        taskToken,
        commands: [
          {
            commandType: COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
            scheduleActivityTaskCommandAttributes: {
              activityId: '1',
              activityType: { name: activityType },
              taskQueue: { name: TASK_QUEUE },
              input: { payloads: [plaintext(input)] },
              scheduleToCloseTimeout: msToTs('1 minute'),
            },
          },
        ],
      });
      return workflowId;
    },
    heartbeat: async (workflowId, activityId, details) => {
      await service.recordActivityTaskHeartbeatById({
        namespace,
        workflowId,
        activityId,
        ...(details ? { details: { payloads: [details] } } : {}),
      });
    },
    inputsIn: async (workflowId, activityType) => {
      const { events } = await rawClient.workflow.getHandle(workflowId).fetchHistory();
      return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
        scheduled?.activityType?.name === activityType ? [scheduled.input?.payloads ?? []] : [],
      );
    },
    resultsIn: async (workflowId, activityType) => {
      const { events } = await rawClient.workflow.getHandle(workflowId).fetchHistory();
      const scheduled = new Set(
        events
          ?.filter((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === activityType)
          .map(({ eventId }) => Number(eventId)),
      );
      return (events ?? []).flatMap(({ activityTaskCompletedEventAttributes: completed }) =>
        completed && scheduled.has(Number(completed.scheduledEventId))
          ? (completed.result?.payloads ?? [])
          : [],
      );
    },
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function addressOfThisMachine(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.2';
}
