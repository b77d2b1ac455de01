import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { requestForFile, UploadClient, type UploadRequestInput } from '../../src/client.js';
import { type MonitoredWorker, startMonitoredWorker } from '../../test/support/monitoring.js';
import { configuration, smallTable } from '../../test/support/tables.js';
import type { World } from '../../test/support/world.js';
import { type Checkout, startCheckout } from './checkout.js';
import { messageFrom } from './message-from.js';

/** Servers, both workers and clients, which the rows share. Each part starts when a row needs it. */
export class BenchWorld {
  readonly #start: () => Promise<World>;
  /** Folder of another checkout that is measured too. Default: none */
  readonly rootBefore: string | undefined;
  #servers: Promise<World> | undefined;
  #worker: Promise<MonitoredWorker> | undefined;
  #naive: Promise<ChildProcess> | undefined;
  #before: Promise<Checkout> | undefined;
  #files = 0;

  /**
   * @param start starts Temporal, S3 and the sandbox
   * @param rootBefore folder of another checkout to measure too
   */
  constructor(start: () => Promise<World>, rootBefore?: string) {
    this.#start = start;
    this.rootBefore = rootBefore;
  }

  /** Returns Temporal, S3 and the sandbox. */
  get servers(): Promise<World> {
    this.#servers ??= this.#start();
    return this.#servers;
  }

  /** Returns our worker, and the URL of its metrics. */
  get worker(): Promise<MonitoredWorker> {
    return this.startWorker();
  }

  /** Starts our worker, unless it runs. */
  startWorker(env?: NodeJS.ProcessEnv): Promise<MonitoredWorker> {
    this.#worker ??= this.servers.then((world) => startMonitoredWorker(world, env));
    return this.#worker;
  }

  /** Stops our worker, if it runs. */
  async stopWorker(): Promise<void> {
    const worker = await this.#worker;
    this.#worker = undefined;
    await worker?.process.stop();
  }

  /** Starts the worker of the naive chain, unless it runs. */
  async startNaiveWorker(): Promise<void> {
    this.#naive ??= this.servers.then(async ({ env }) => {
      const child = fork(fileURLToPath(new URL('../naive-chain/worker.ts', import.meta.url)), [], {
        env: { ...process.env, ...env },
        execArgv: ['--import', 'tsx'],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      await messageFrom(child);
      return child;
    });
    await this.#naive;
  }

  /** Returns the other checkout, if one is measured. Starts its worker and its client, unless they run. */
  async before(): Promise<Checkout | undefined> {
    const { rootBefore } = this;
    if (rootBefore !== undefined)
      this.#before ??= this.servers.then((world) => startCheckout(rootBefore, world));
    return this.#before;
  }

  /** Returns our client. Starts our worker, unless it runs. */
  async client(env?: NodeJS.ProcessEnv): Promise<UploadClient> {
    await this.startWorker(env);
    return UploadClient.connect({ client: (await this.servers).client });
  }

  /** Writes a small table that no other upload has, and returns its path. */
  async newFile(): Promise<string> {
    this.#files += 1;
    return (await this.servers).write(`pk-${this.#files}.csv`, smallTable(this.#files));
  }

  /** Returns the request for a file, with one execution. */
  async requestFor(path: string): Promise<UploadRequestInput> {
    return requestForFile(path, { executions: [{ label: 'only', configuration }] });
  }

  /** Ends a workflow without a result. */
  async terminate(workflowId: string): Promise<void> {
    await (await this.servers).rawClient.workflow.getHandle(workflowId).terminate();
  }

  /** Stops everything. What is needed again starts anew, without what was uploaded. */
  async stop(): Promise<void> {
    (await this.#naive)?.kill('SIGKILL');
    (await this.#before)?.stop();
    await (await this.#servers)?.stop();
    this.#naive = undefined;
    this.#before = undefined;
    this.#worker = undefined;
    this.#servers = undefined;
  }
}
