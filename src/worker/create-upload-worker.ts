import { type LogLevel, Worker, type WorkerOptions } from '@temporalio/worker';
import { guardActivities } from '../activities/guard.js';
import { createActivities } from '../activities/index.js';
import { AplosAccounts } from '../aplos/accounts.js';
import { UploadError } from '../contract/errors.js';
import { hostTaskQueue, TASK_QUEUE } from '../contract/names.js';
import type { Settings } from '../settings/settings.js';
import { assertEncryptionDecided, temporalTarget } from '../temporal/connection.js';
import { deploymentVersion, versioningOptions } from '../temporal/versioning.js';
import { connectWorker, warnIfNoWorkIsAssigned } from './connect.js';
import { activityDependencies } from './dependencies.js';
import { createDispatchers } from './dispatchers.js';
import { createLogger } from './logger.js';
import { nexusHandler } from './nexus-handler.js';
import { optionsFrom, workflowBundleFor } from './options.js';
import { assertRecordsCanBeWritten, recordsText } from './record-settings.js';
import { runWorkers } from './run-workers.js';
import { installRuntime } from './runtime.js';
import { startTelemetry } from './telemetry.js';
import { assertWebhooksCanBeSent } from './webhook-settings.js';

/** Connected and checked Workers: one on the common task queue and, if the settings name this host, one on its queue. */
export interface UploadWorker {
  /**
   * Polls until the process receives `SIGTERM`, `SIGINT` or `SIGQUIT`, then drains. Resolves once every task is
   * completed or handed back. If one Worker fails, the other drains too.
   */
  run(): Promise<void>;
}

/**
 * Connects a worker and checks its settings, Temporal, and the search attributes.
 *
 * @param logLevel minimum level that is logged. Default: `INFO`
 * @throws UploadError `SETTINGS_INVALID`, `TEMPORAL_UNREACHABLE` or `SEARCH_ATTRIBUTES_MISSING`
 */
export async function createUploadWorker(
  settings: Settings,
  logLevel: LogLevel = 'INFO',
): Promise<UploadWorker> {
  const target = temporalTarget(settings);
  const deployment = deploymentVersion();
  assertEncryptionDecided(settings.encryption, target);
  assertHasProfile(settings);
  assertWebhooksCanBeSent(settings);
  await assertRecordsCanBeWritten(settings);
  const logger = await createLogger(logLevel);
  await installRuntime(settings, logger);
  const records = recordsText(settings);
  if (records !== undefined) logger.info(records);

  const connection = await connectWorker(target);
  const dispatchers = createDispatchers(settings);
  const telemetry = await startTelemetry(settings, logger);
  const accounts = new AplosAccounts(settings.profiles, dispatchers.services, {
    onLogin: telemetry.onLogin,
    onListLag: telemetry.onListLag,
    onStartRefused: telemetry.onStartRefused,
  });
  const dependencies = { settings, accounts, dispatchers, connection, target, deployment };
  const options = {
    ...optionsFrom(settings),
    ...versioningOptions(deployment),
    ...telemetry.workerOptions,
    interceptors: {
      activity: [
        ...(telemetry.workerOptions.interceptors?.activity ?? []),
        guardActivities({ keepsRecords: settings.records !== undefined }),
      ],
    },
    connection,
    namespace: target.namespace,
    activities: { ...createActivities(activityDependencies(dependencies)) },
  } satisfies Partial<WorkerOptions>;
  await warnIfNoWorkIsAssigned(connection, target, deployment, logger);

  // A Worker that is never run keeps the process alive, so everything that can fail comes first.
  const workers: Worker[] = [];
  if (settings.health) {
    const states = () =>
      workers.length > 0 ? workers.map((worker) => worker.getState()) : (['INITIALIZED'] as const);
    await telemetry
      .serveHealth({
        listen: settings.health,
        states,
        connection,
        target,
        accounts,
        profiles: settings.profiles.keys(),
      })
      .catch(async (error: unknown) => {
        await connection.close();
        throw error;
      });
  }
  const workflowBundle = workflowBundleFor(settings.encryption);
  workers.push(
    await Worker.create({
      ...options,
      workflowBundle,
      taskQueue: TASK_QUEUE,
      nexusServices: [nexusHandler],
      nexusTaskPollerBehavior: { type: 'simple-maximum', maximum: 2 },
    }),
  );
  if (settings.host !== undefined)
    workers.push(await Worker.create({ ...options, taskQueue: hostTaskQueue(settings.host) }));
  return {
    run: async () => {
      try {
        await runWorkers(workers);
      } finally {
        await telemetry.stopHealth();
        await dispatchers.destroy();
        await Promise.all([connection.close(), telemetry.stopTraces()]);
      }
    },
  };
}

function assertHasProfile({ profiles }: Settings): void {
  if (profiles.size > 0) return;
  throw new UploadError('SETTINGS_INVALID', 'No Aplos account is configured', {
    action:
      'Set COGNITO_USER_NAME and COGNITO_PASSWORD (or COGNITO_PASSWORD_FILE), or name a file with profiles in APLOS_UPLOAD_SETTINGS.',
  });
}
