import { fileURLToPath } from 'node:url';
import type { WorkerDeploymentVersion } from '@temporalio/common';
import { type LogLevel, NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Dispatcher } from 'undici';
import type { ActivityDependencies } from '../activities/dependencies.js';
import { createActivities } from '../activities/index.js';
import { AplosAccounts } from '../aplos/accounts.js';
import { UploadError } from '../contract/errors.js';
import { hostTaskQueue, TASK_QUEUE } from '../contract/names.js';
import { httpsAgent } from '../files/https-agent.js';
import { s3Access } from '../files/s3-source.js';
import type { SourceAccess } from '../files/source.js';
import { createDispatcher, tlsOptions } from '../http/dispatcher.js';
import type { Encryption, Settings } from '../settings/settings.js';
import { WorkerMetrics } from '../telemetry/metrics.js';
import { prometheusEndpoint } from '../telemetry/prometheus.js';
import { startTracing } from '../telemetry/tracing/start.js';
import { workerTracing } from '../telemetry/tracing/worker-tracing.js';
import { startWorkerHealth, type WorkerHealth } from '../telemetry/worker-health.js';
import {
  assertEncryptionDecided,
  dataConverterFor,
  type TemporalTarget,
  temporalTarget,
  temporalUnreachable,
  workerConnectionOptions,
} from '../temporal/connection.js';
import { hasEarlierRuns } from '../temporal/earlier-runs.js';
import { assertSearchAttributes } from '../temporal/search-attributes.js';
import {
  deploymentVersion,
  pollersOf,
  versioningOptions,
  whyNoWorkIsAssigned,
} from '../temporal/versioning.js';
import { hasWorker, WORKER_HEARTBEAT } from '../temporal/worker-liveness.js';
import { createLogger } from './logger.js';
import { runTogether } from './run-together.js';

/** The time within which a killed worker's or a cancelled upload is noticed. */
const HEARTBEAT_THROTTLE = '1 second';

/** Longer than any call that is not cancelled; after that a worker ends even if Temporal is gone. */
export const FORCE_AFTER_GRACE_MS = 60_000;

/** What a worker that ends gives its last traces. */
const TRACES_FLUSH_MS = 5_000;

/** Workers that are connected and checked, on the common task queue and on that of their host, and what ends them. */
export interface UploadWorker {
  /**
   * Polls until told to stop by `SIGTERM` or `SIGINT`, then drains: resolves when all is handed back. Where one of them
   * fails, the other ends too.
   */
  run(): Promise<void>;
}

/**
 * Connects a worker and checks what it needs: settings, Temporal, search attributes.
 *
 * @throws UploadError `SETTINGS_INVALID`, `TEMPORAL_UNREACHABLE` or `SEARCH_ATTRIBUTES_MISSING`
 */
export async function createUploadWorker(
  settings: Settings,
  logLevel: LogLevel = 'INFO',
): Promise<UploadWorker> {
  const target = temporalTarget();
  const deployment = deploymentVersion();
  assertEncryptionDecided(settings.encryption, target);
  assertSomeProfile(settings);
  const logger = createLogger(logLevel);
  const endpoint = settings.metrics && (await prometheusEndpoint(settings.metrics));
  Runtime.install({
    ...endpoint?.runtimeOptions,
    logger,
    shutdownSignals: ['SIGTERM', 'SIGINT', 'SIGQUIT'],
    workerHeartbeatInterval: WORKER_HEARTBEAT,
  });
  if (endpoint) logger.info(`Metrics are served at ${endpoint.url}`);

  const connection = await connect(target);
  const dispatcher = createDispatcher(settings.extraCa);
  const sourceDispatcher = httpsAgent(settings.sourceHosts, { connect: tlsOptions(settings.extraCa) });
  const traces = await startTracing({
    serviceName: 'aplos-upload-worker',
    readablePaths: [...settings.profiles.values()].map(({ apiUrl }) => apiUrl),
    flushMs: TRACES_FLUSH_MS,
    warn: (line) => logger.warn(line),
  });
  const metrics = new WorkerMetrics(Runtime.instance().metricMeter, settings.profiles.keys());
  let health: WorkerHealth | undefined;
  const accounts = new AplosAccounts(settings.profiles, dispatcher, (profile, login) => {
    metrics.loggedIn(profile, login);
    health?.loggedIn(profile, login);
  });
  const tracing = workerTracing(traces);
  const { workflowBundle, dataConverter } = conversionFor(settings.encryption);
  const options = {
    connection,
    namespace: target.namespace,
    dataConverter,
    ...versioningOptions(deployment),
    ...tracing,
    interceptors: { activity: [...(tracing.interceptors?.activity ?? []), metrics.ofActivities] },
    activities: {
      ...createActivities({
        api: (profile) => accounts.api(profile),
        dispatcher,
        sources: sourceAccess(settings, sourceDispatcher),
        ...limitsOf(settings),
        ...questionsTo(connection, target, deployment),
      }),
    },
    maxConcurrentActivityTaskExecutions: settings.concurrency,
    shutdownGraceTime: settings.shutdownGraceMs,
    shutdownForceTime: settings.shutdownGraceMs + FORCE_AFTER_GRACE_MS,
    maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
    defaultHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
  } satisfies Partial<WorkerOptions>;
  const idle = whyNoWorkIsAssigned(await pollersOf(connection, target.namespace), deployment);
  if (idle) logger.warn(idle);
  // A worker that was created and does not run keeps the process: so what can fail comes before.
  const workers: Worker[] = [];
  if (settings.health) {
    health = await startWorkerHealth({
      listen: settings.health,
      states: () => (workers.length > 0 ? workers.map((worker) => worker.getState()) : ['INITIALIZED']),
      connection,
      target,
      accounts,
      profiles: settings.profiles.keys(),
    }).catch(async (error: unknown) => {
      await connection.close();
      throw error;
    });
    logger.info(`Health is told at ${health.url}/healthz and ${health.url}/readyz`);
  }
  workers.push(await Worker.create({ ...options, workflowBundle, taskQueue: TASK_QUEUE }));
  if (settings.host !== undefined)
    workers.push(await Worker.create({ ...options, taskQueue: hostTaskQueue(settings.host) }));
  return {
    run: async () => {
      try {
        await runTogether(workers);
      } finally {
        await health?.stop();
        await Promise.all([dispatcher.destroy(), sourceDispatcher.destroy()]);
        await Promise.all([connection.close(), traces?.stop()]);
      }
    },
  };
}

/** With encryption, workflows and activities put the words of failures into payloads too. */
function conversionFor(
  encryption: Encryption,
): Required<Pick<WorkerOptions, 'workflowBundle' | 'dataConverter'>> {
  const dataConverter = dataConverterFor(encryption);
  if (encryption.mode !== 'on')
    return { workflowBundle: { codePath: built('../workflow-bundle.js') }, dataConverter };
  return {
    workflowBundle: { codePath: built('../workflow-bundle-encrypted.js') },
    dataConverter: {
      ...dataConverter,
      failureConverterPath: built('../temporal/encoded-failure-converter.js'),
    },
  };
}

const built = (path: string) => fileURLToPath(new URL(path, import.meta.url));

async function connect(target: TemporalTarget): Promise<NativeConnection> {
  let connection: NativeConnection | undefined;
  try {
    connection = await NativeConnection.connect(workerConnectionOptions(target));
    await assertSearchAttributes(connection, target.namespace);
    return connection;
  } catch (error) {
    await connection?.close();
    throw temporalUnreachable(target, error);
  }
}

function assertSomeProfile({ profiles }: Settings): void {
  if (profiles.size > 0) return;
  throw new UploadError('SETTINGS_INVALID', 'No Aplos account is configured', {
    action:
      'Set COGNITO_USER_NAME and COGNITO_PASSWORD (or COGNITO_PASSWORD_FILE), or name a file with profiles in APLOS_UPLOAD_SETTINGS.',
  });
}

const limitsOf = ({ host, s3Hosts, idleTimeoutMs, listLagMs }: Settings) => ({
  host,
  s3Hosts,
  idleTimeoutMs,
  settleDelaysMs: settleDelays(listLagMs),
});

const questionsTo = (
  { workflowService }: NativeConnection,
  { namespace }: TemporalTarget,
  deployment: WorkerDeploymentVersion | undefined,
): Pick<ActivityDependencies, 'hasWorker' | 'hasEarlierRuns'> => ({
  hasWorker: (taskQueue) => hasWorker(workflowService, namespace, taskQueue, deployment),
  hasEarlierRuns: (workflowId, runId) => hasEarlierRuns(workflowService, namespace, workflowId, runId),
});

const sourceAccess = (
  { uploadRoots, sourceHosts, spoolLimitBytes, extraCa }: Settings,
  dispatcher: Dispatcher,
): SourceAccess => ({
  roots: uploadRoots,
  https: { hosts: sourceHosts, dispatcher, spoolLimitBytes },
  s3: s3Access(tlsOptions(extraCa)),
});

/** At once, then after ever longer pauses, until a list that lags by so much must show what was started. */
function settleDelays(lagMs: number): number[] {
  const delays = [0];
  for (let waitedMs = 0, pauseMs = 500; waitedMs < lagMs; pauseMs *= 2) {
    const delayMs = Math.min(pauseMs, lagMs - waitedMs);
    delays.push(delayMs);
    waitedMs += delayMs;
  }
  return delays;
}
