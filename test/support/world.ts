import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { SandboxOptions } from '../../sandbox/options.js';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.js';
import { startTemporalDevServer, type TemporalDevServer } from '../../sandbox/servers/temporal.js';
import { startWorker, type WorkerProcess } from '../../sandbox/worker-process.js';
import { loadSettings } from '../../src/settings/load.js';
import { dataConverterFor } from '../../src/temporal/connection.js';
import { type CommandResult, runCommand } from './command.js';

/** All that the job needs, for real: Temporal's dev server with its database on disk, S3, and a stand-in for Aplos. */
export interface World {
  readonly temporal: TemporalDevServer;
  readonly sandbox: Sandbox;
  /** Sees what a worker sees: payloads are decoded. */
  readonly client: Client;
  /** Sees what Temporal stores. */
  readonly rawClient: Client;
  /** For the files of the test. */
  readonly folder: string;
  /** Of the worker and the command. */
  readonly env: NodeJS.ProcessEnv;
  /** All that workers have logged. */
  readonly log: () => string;
  /** @param cwd where it runs; default: where this process does */
  startWorker(env?: NodeJS.ProcessEnv, cwd?: string): Promise<WorkerProcess>;
  run(...args: string[]): Promise<CommandResult>;
  /** Writes a file into the folder, and gives its path. */
  write(name: string, content: string | Buffer): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts a world without a worker.
 *
 * @param keepsDatabase whether Temporal's database is on disk, so that it can be searched or outlive its server
 */
export async function startWorld(
  options: SandboxOptions = {},
  { keepsDatabase = true } = {},
): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'aplos-upload-test-'));
  const [temporal, sandbox] = await Promise.all([
    startTemporalDevServer(keepsDatabase ? { dbFilename: join(folder, 'temporal.db') } : {}),
    startSandbox(options),
  ]);
  const env = {
    ...sandbox.env,
    TEMPORAL_ADDRESS: temporal.address,
    APLOS_UPLOAD_ENCRYPTION_KEY: `test:${randomBytes(32).toString('base64')}`,
    NO_COLOR: '1',
  };
  const connection = await Connection.connect({ address: temporal.address });
  const workers: WorkerProcess[] = [];
  let log = '';
  return {
    temporal,
    sandbox,
    folder,
    env,
    client: new Client({ connection, dataConverter: dataConverterFor(loadSettings(env).encryption) }),
    rawClient: new Client({ connection }),
    log: () => log,
    startWorker: async (more = {}, cwd = process.cwd()) => {
      const onLog = (text: string) => {
        log += text;
      };
      const worker = await startWorker({ ...env, ...more }, onLog, { cwd });
      workers.push(worker);
      return worker;
    },
    run: (...args) => runCommand(args, env),
    write: async (name, content) => {
      const path = join(folder, name);
      await writeFile(path, content);
      return path;
    },
    stop: async () => {
      await Promise.all(workers.map(({ child }) => child.kill('SIGKILL')));
      await connection.close();
      await Promise.all([temporal.stop(), sandbox.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
