import { type Client, isGrpcServiceError } from '@temporalio/client';
import type { WorkerDeploymentVersion } from '@temporalio/common';
import { hasWorker } from '../temporal/worker-liveness.js';

const FRESH_MS = 2000;

/** Knows which task queues are served. However many uploads are looked at, Temporal is asked once in two seconds for each. */
export class WorkerAvailability {
  readonly #client: Client;
  readonly #looks = new Map<
    string,
    { readonly at: number; readonly finding: Promise<boolean | undefined> }
  >();

  constructor(client: Client) {
    this.#client = client;
  }

  /**
   * Whether a worker serves a task queue; `undefined` where Temporal does not tell.
   *
   * @param version that counts alone, where an upload is pinned to one
   */
  hasWorker(taskQueue: string, version?: WorkerDeploymentVersion): Promise<boolean | undefined> {
    const key = JSON.stringify([taskQueue, version]);
    const last = this.#looks.get(key);
    if (last && performance.now() - last.at < FRESH_MS) return last.finding;
    const { workflowService, options } = this.#client;
    const finding = hasWorker(workflowService, options.namespace, taskQueue, version).catch(
      (error: unknown) => {
        if (isGrpcServiceError(error)) return undefined;
        throw error;
      },
    );
    this.#looks.set(key, { at: performance.now(), finding });
    return finding;
  }
}
