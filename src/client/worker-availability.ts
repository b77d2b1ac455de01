import type { Client } from '@temporalio/client';
import type { WorkerDeploymentVersion } from '@temporalio/common';
import { isNotOffered } from '../temporal/errors.js';
import { hasWorker, servesNewUploads } from '../temporal/worker-liveness.js';

/** Time for which a result is reused, in milliseconds. */
const CACHE_MS = 2000;

/** Reports which task queues have a worker. Asks Temporal at most once every two seconds for each of them. */
export class WorkerAvailability {
  readonly #client: Client;
  readonly #checks = new Map<
    string,
    { readonly startedAt: number; readonly result: Promise<boolean | undefined> }
  >();

  constructor(client: Client) {
    this.#client = client;
  }

  /**
   * Reports whether a worker serves a task queue.
   *
   * @param version deployment version that an upload is pinned to; other workers do not count. Default: any
   * @returns `undefined` if Temporal does not support or allow the check
   */
  hasWorker(taskQueue: string, version?: WorkerDeploymentVersion): Promise<boolean | undefined> {
    const { workflowService, options } = this.#client;
    return this.#check(JSON.stringify([taskQueue, version]), () =>
      hasWorker(workflowService, options.namespace, taskQueue, version),
    );
  }

  /**
   * Reports whether a worker serves new uploads.
   *
   * @returns `undefined` if Temporal does not support or allow the check
   */
  servesNewUploads(): Promise<boolean | undefined> {
    const { workflowService, options } = this.#client;
    return this.#check('new uploads', () => servesNewUploads(workflowService, options.namespace));
  }

  #check(key: string, ask: () => Promise<boolean>): Promise<boolean | undefined> {
    const last = this.#checks.get(key);
    if (last && performance.now() - last.startedAt < CACHE_MS) return last.result;
    const result = ask().catch((error: unknown) => {
      if (isNotOffered(error)) return undefined;
      throw error;
    });
    this.#checks.set(key, { startedAt: performance.now(), result });
    return result;
  }
}
