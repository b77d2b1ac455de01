import type { Client } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkerOptions, type WorkflowBundlePath } from '@temporalio/worker';
import { afterAll, beforeAll } from 'vitest';
import { bundleWorkflows, IN_THIS_THREAD, timeSkippingServer } from './temporal.js';

/** Workers and a client of a time-skipping server that runs during the tests of a block. */
export interface TimeSkipping {
  readonly client: Client;
  /** Returns the server's time, in milliseconds since 1970. */
  currentTimeMs(): Promise<number>;
  /** Runs a worker of a new task queue, which is also a new workflow ID, while the work is in progress. */
  withWorker<Result>(
    activities: object,
    work: (taskQueue: string) => Promise<Result>,
    options?: Partial<Pick<WorkerOptions, 'taskQueue'>>,
  ): Promise<Result>;
}

/** Starts a time-skipping server before the tests of this block, and stops it after them. */
export function timeSkipping(): TimeSkipping {
  let env: TestWorkflowEnvironment;
  let workflowBundle: WorkflowBundlePath;
  let queues = 0;
  beforeAll(async () => {
    [env, workflowBundle] = await Promise.all([timeSkippingServer(), bundleWorkflows()]);
  });
  afterAll(() => env?.teardown());
  return {
    get client() {
      return env.client;
    },
    currentTimeMs: () => env.currentTimeMs(),
    withWorker: async (activities, work, { taskQueue = `queue-${++queues}` } = {}) => {
      const worker = await Worker.create({
        connection: env.nativeConnection,
        taskQueue,
        workflowBundle,
        activities,
        maxHeartbeatThrottleInterval: '100ms',
        ...IN_THIS_THREAD,
      });
      return worker.runUntil(() => work(taskQueue));
    },
  };
}
