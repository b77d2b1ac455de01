import type { Worker } from '@temporalio/worker';

/** What is used of a worker. */
export type Running = Pick<Worker, 'run' | 'shutdown' | 'getState'>;

/**
 * Runs workers until they were told to stop. Where one ends, for whatever reason, the others are drained.
 *
 * @throws what the first that failed threw, once all have ended
 */
export async function runTogether(workers: readonly Running[]): Promise<void> {
  const endings = await Promise.allSettled(
    workers.map((worker) =>
      worker.run().finally(() => {
        for (const other of workers) if (other.getState() === 'RUNNING') other.shutdown();
      }),
    ),
  );
  for (const ending of endings) if (ending.status === 'rejected') throw ending.reason;
}
