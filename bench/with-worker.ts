import type { SandboxOptions } from '../sandbox/options.js';
import { requestForFile, UploadClient, type UploadRequestInput } from '../src/client.js';
import { configuration, smallTable } from '../test/support/tables.js';
import { type OwnWorld, startOwnWorld } from '../test/support/world.js';

/** Servers, a worker and a client for one benchmark. */
export interface Bench {
  readonly world: OwnWorld;
  readonly client: UploadClient;
  /** Writes a small table that no other upload has, and returns the request for it. */
  readonly newRequest: (batch?: string) => Promise<UploadRequestInput>;
}

/** Runs a benchmark with one worker, stops all servers, and ends the process. */
export async function withWorker(
  measure: (bench: Bench) => Promise<void>,
  options: SandboxOptions = {},
): Promise<never> {
  const world = await startOwnWorld(options, { keepsDatabase: false });
  let made = 0;
  try {
    await world.startWorkerProcess();
    const client = await UploadClient.connect({ client: world.client });
    await measure({
      world,
      client,
      async newRequest(batch) {
        const path = await world.write(`pk-${++made}.csv`, smallTable(made));
        const executions = [{ label: 'only', configuration }];
        return requestForFile(path, { executions, ...(batch === undefined ? {} : { batch }) });
      },
    });
  } finally {
    await world.stop();
  }
  process.exit();
}
