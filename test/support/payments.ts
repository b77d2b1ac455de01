import type { Route, SandboxOptions } from '../../sandbox/sandbox.js';
import { requestForFile, UploadClient } from '../../src/client.js';
import type { Receipt } from '../../src/contract/receipt.js';
import type { UploadRequestInput } from '../../src/contract/request.js';
import { startWorld } from './shared-world.js';
import { executionsFor, table } from './tables.js';
import type { World } from './world.js';

/** Lets a worker expect that a start appears in the list at once, as in the sandbox. */
export const SHORT_LAG = { APLOS_UPLOAD_LIST_LAG: '0.5' };

/** Lets executions stay queued, so that the stand-in for Aplos spends no time on analyses. */
export const QUEUED = { stepMs: 3_600_000 };

/** A world for one group of tests, and what they ask it for. */
export class Payments {
  readonly world: World;
  readonly client: UploadClient;
  #files = 0;

  private constructor(world: World, client: UploadClient) {
    this.world = world;
    this.client = client;
  }

  static async open(options: SandboxOptions = {}): Promise<Payments> {
    const world = await startWorld({ ...QUEUED, ...options });
    return new Payments(world, await UploadClient.connect({ client: world.client }));
  }

  /** Writes a file that no other test has. Returns its path. */
  file(): Promise<string> {
    return this.world.write(`pay-${++this.#files}.csv`, table(5_000));
  }

  async start(path: string, labels: readonly string[], rest: Partial<UploadRequestInput> = {}) {
    return this.client.start(await requestForFile(path, { executions: executionsFor(labels), ...rest }));
  }

  async upload(path: string, labels: readonly string[], rest: Partial<UploadRequestInput> = {}) {
    return (await this.start(path, labels, rest)).result();
  }

  /** Returns the configurations that were charged for the files with this name, in alphabetical order. */
  charged(path: string): unknown[] {
    const { files, charges } = this.world.sandbox;
    const ids = files.filter(({ fileName }) => path.endsWith(`/${fileName}`)).map(({ fileId }) => fileId);
    return charges
      .filter(({ fileId }) => ids.includes(fileId))
      .map((charge) => charge.configuration.analysis)
      .sort();
  }

  calls(route: Route): number {
    return this.world.sandbox.calls.filter((call) => call.route === route).length;
  }
}

/** Returns whether Aplos had each execution already. */
export const originsOf = ({ executions }: Receipt) => executions.map(({ origin }) => origin);
