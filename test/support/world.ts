import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import type { SandboxOptions } from '../../sandbox/options.js';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.js';
import { type Seaweed, startSeaweed } from '../../sandbox/servers/seaweed.js';
import { startTemporalDevServer, type TemporalDevServer } from '../../sandbox/servers/temporal.js';
import { startWorker, type WorkerProcess } from '../../sandbox/worker-process.js';
import { TASK_QUEUE } from '../../src/contract/names.js';
import { loadSettings } from '../../src/settings/load.js';
import { dataConverterFor } from '../../src/temporal/connection.js';
import { type CommandResult, runWarmCommand } from './command.js';
import { type RunningWorker, startWarmWorker } from './warm-worker.js';

const { TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType;

/** A Temporal server, and a namespace there. */
export type TemporalNamespace = Pick<TemporalDevServer, 'address' | 'uiUrl' | 'httpUrl'> & {
  readonly namespace: string;
};

/** Everything that an upload needs: Temporal, S3, and the stand-in for Aplos NCA. */
export interface World {
  readonly temporal: TemporalNamespace;
  readonly sandbox: Sandbox;
  /** Decodes payloads, as a worker does. */
  readonly client: Client;
  /** Sees payloads as Temporal stores them. */
  readonly rawClient: Client;
  /** Temporary folder for the files of the test. */
  readonly folder: string;
  /** Environment of workers and commands. */
  readonly env: NodeJS.ProcessEnv;
  /** Returns everything that workers have logged. */
  readonly log: () => string;
  /**
   * Starts a worker in a process that runs several workers and commands, and waits until it polls.
   *
   * @param env variables to add
   * @param cwd working folder; default: that of this process
   */
  startWorker(env?: NodeJS.ProcessEnv, cwd?: string): Promise<RunningWorker>;
  /** Starts a worker in a process of its own, which can be killed, and waits until it polls. */
  startWorkerProcess(env?: NodeJS.ProcessEnv, cwd?: string): Promise<WorkerProcess>;
  /** Runs `aplos-upload` with these arguments, in a process that runs several commands. */
  run(...args: string[]): Promise<CommandResult>;
  /** Writes a file into the folder, and returns its path. */
  write(name: string, content: string | Buffer): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Lets Temporal's database survive a killed server, but not a power failure. Waiting for the disk takes half of the server's
 * processor time.
 */
export const SURVIVES_A_KILL = ['--sqlite-pragma', 'synchronous=0'];

/**
 * Lets Temporal delete a workflow after a second instead of half a minute: it deletes none before it has stored that the
 * task which closed the workflow is done, which it does at this interval.
 */
export const QUICK_DELETION = ['--dynamic-config-value', 'history.transferProcessorUpdateAckInterval="1s"'];

/** A world on servers of its own, which can be killed. */
export interface OwnWorld extends World {
  readonly temporal: TemporalDevServer;
  readonly s3: Seaweed;
  /** Reads the files of Temporal's database, its journal included. */
  readDatabase(): Promise<Buffer>;
}

/**
 * Starts a world without a worker, on servers of its own.
 *
 * @param keepsDatabase whether Temporal stores its database in a file, so that it can be searched, and survives a kill
 * @param deletesQuickly whether Temporal deletes a workflow soon after it is asked to
 */
export async function startOwnWorld(
  options: SandboxOptions = {},
  { keepsDatabase = true, deletesQuickly = false } = {},
): Promise<OwnWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'aplos-upload-test-database-'));
  const [temporal, s3] = await Promise.all([
    startTemporalDevServer({
      ...(keepsDatabase ? { dbFilename: join(folder, 'temporal.db') } : {}),
      extraArgs: [...(keepsDatabase ? SURVIVES_A_KILL : []), ...(deletesQuickly ? QUICK_DELETION : [])],
    }),
    startSeaweed(),
  ]);
  const world = await openWorld(temporal, await startSandbox({ s3, ...options }));
  return {
    ...world,
    temporal,
    s3,
    readDatabase: async () => {
      const files = await readdir(folder);
      return Buffer.concat(await Promise.all(files.map((file) => readFile(join(folder, file)))));
    },
    stop: async () => {
      await world.stop();
      await Promise.all([temporal.stop(), s3.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until Temporal has seen a worker poll for activities, so that commands see it too. */
async function untilPolled({ workflowService }: Connection, namespace: string, since: Date): Promise<void> {
  const request = { namespace, taskQueue: { name: TASK_QUEUE }, taskQueueType: TASK_QUEUE_TYPE_ACTIVITY };
  const isPolled = async () => {
    const { pollers } = await workflowService.describeTaskQueue(request);
    return pollers.some(({ lastAccessTime }) => (optionalTsToMs(lastAccessTime) ?? 0) >= since.getTime());
  };
  while (!(await isPolled())) await sleep(20);
}

/** Puts a world together from a namespace and a sandbox. It stops the sandbox at the end. */
export async function openWorld(temporal: TemporalNamespace, sandbox: Sandbox): Promise<World> {
  const { address, namespace } = temporal;
  const folder = await mkdtemp(join(tmpdir(), 'aplos-upload-test-'));
  const env = {
    ...sandbox.env,
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    APLOS_UPLOAD_ENCRYPTION_KEY: `test:${randomBytes(32).toString('base64')}`,
    NO_COLOR: '1',
    // No settings file of whoever runs this.
    XDG_CONFIG_HOME: folder,
  };
  const connection = await Connection.connect({ address });
  const dataConverter = dataConverterFor(loadSettings(env).encryption);
  const workers: RunningWorker[] = [];
  const processes: WorkerProcess[] = [];
  let log = '';
  const onLog = (text: string) => {
    log += text;
  };
  return {
    temporal,
    sandbox,
    folder,
    env,
    client: new Client({ connection, namespace, dataConverter }),
    rawClient: new Client({ connection, namespace }),
    log: () => log,
    startWorker: async (more = {}, cwd = process.cwd()) => {
      const startedAt = new Date();
      const worker = await startWarmWorker({ ...env, ...more }, cwd, onLog);
      workers.push(worker);
      await untilPolled(connection, more.TEMPORAL_NAMESPACE ?? namespace, startedAt);
      return worker;
    },
    startWorkerProcess: async (more = {}, cwd = process.cwd()) => {
      const startedAt = new Date();
      const worker = await startWorker({ ...env, ...more }, onLog, { cwd });
      processes.push(worker);
      await untilPolled(connection, more.TEMPORAL_NAMESPACE ?? namespace, startedAt);
      return worker;
    },
    run: (...args) => runWarmCommand(args, env),
    write: async (name, content) => {
      const path = join(folder, name);
      await writeFile(path, content);
      return path;
    },
    stop: async () => {
      for (const { child } of processes) child.kill('SIGKILL');
      await Promise.all(workers.map((worker) => worker.end()));
      await connection.close();
      await sandbox.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
