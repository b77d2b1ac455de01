import type { Worker } from '@temporalio/worker';

/** The methods of a `Worker` that are needed to run it next to others. */
export type RunnableWorker = Pick<Worker, 'run' | 'shutdown' | 'getState'>;

/**
 * Runs workers until the process receives a shutdown signal. When one of them ends for any reason, the others drain.
 *
 * @throws the error of the first worker that failed, after all of them have ended
 */
export async function runWorkers(workers: readonly RunnableWorker[]): Promise<void> {
  const results = await Promise.allSettled(
    workers.map((worker) =>
      worker.run().finally(() => {
        for (const other of workers) if (other.getState() === 'RUNNING') other.shutdown();
      }),
    ),
  );
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
