import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { WorkerProcess } from '../../sandbox/worker-process.js';
import { requestForFile, UploadClient, type UploadRequestInput } from '../../src/client.js';
import { configuration } from '../../test/support/tables.js';
import { type OwnWorld, startOwnWorld } from '../../test/support/world.js';

/** Servers, both workers and clients, which the rows share. Each part starts when a row needs it. */
export class BenchWorld {
  readonly #started: Promise<OwnWorld>[] = [];
  #worker: Promise<{ readonly process: WorkerProcess; readonly metricsUrl: string }> | undefined;
  #naive: Promise<ChildProcess> | undefined;
  #files = 0;

  /** Returns Temporal, S3 and the sandbox. */
  get servers(): Promise<OwnWorld> {
    if (this.#started.length === 0)
      this.#started.push(startOwnWorld({ allocation: 1_000_000 }, { keepsDatabase: false }));
    return this.#started[0] as Promise<OwnWorld>;
  }

  /** Returns our worker, and the URL of its metrics. */
  get worker(): Promise<{ readonly process: WorkerProcess; readonly metricsUrl: string }> {
    this.#worker ??= this.servers.then(async (world) => {
      const process = await world.startWorker({ APLOS_UPLOAD_METRICS: '127.0.0.1:0' });
      const [, metricsUrl = ''] = /Metrics are served at (\S+?)"/.exec(world.log()) ?? [];
      return { process, metricsUrl };
    });
    return this.#worker;
  }

  /** Starts the worker of the naive chain, unless it runs. */
  async startNaiveWorker(): Promise<void> {
    this.#naive ??= this.servers.then(async ({ env }) => {
      const child = fork(fileURLToPath(new URL('../naive-chain/worker.ts', import.meta.url)), [], {
        env: { ...process.env, ...env },
        execArgv: ['--import', 'tsx'],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      const ended = once(child, 'exit').then(([code]) => {
        throw new Error(`The worker of the naive chain exited with code ${code}`);
      });
      await Promise.race([once(child, 'message'), ended]);
      ended.catch(() => {});
      return child;
    });
    await this.#naive;
  }

  /** Returns our client. */
  async client(): Promise<UploadClient> {
    await this.worker;
    return UploadClient.connect({ client: (await this.servers).client });
  }

  /** Writes a small table that no other upload has, and returns its path. */
  async newFile(): Promise<string> {
    this.#files += 1;
    return (await this.servers).write(
      `pk-${this.#files}.csv`,
      `subject,time,conc\n1,0,0\n1,1,${this.#files}\n`,
    );
  }

  /** Returns the request for a file, with one execution. */
  async requestFor(path: string): Promise<UploadRequestInput> {
    return requestForFile(path, { executions: [{ label: 'only', configuration }] });
  }

  async stop(): Promise<void> {
    (await this.#naive)?.kill('SIGKILL');
    await (await this.#started[0])?.stop();
  }
}
