import { Runtime } from '@temporalio/worker';
import type { Settings } from '../settings/settings.js';
import { servePrometheus } from '../telemetry/prometheus.js';
import { WORKER_HEARTBEAT } from '../temporal/worker-liveness.js';
import type { WorkerLogger } from './logger.js';

/**
 * Installs the runtime of Temporal's SDK, of which a process has one: logging, signals, heartbeats, and the metrics
 * endpoint if the settings enable it.
 *
 * @throws UploadError `SETTINGS_INVALID` if the metrics endpoint cannot listen
 */
export async function installRuntime({ metrics }: Settings, logger: WorkerLogger): Promise<void> {
  const endpoint = metrics && (await servePrometheus(metrics));
  Runtime.install({
    ...endpoint?.runtimeOptions,
    logger,
    shutdownSignals: ['SIGTERM', 'SIGINT', 'SIGQUIT'],
    workerHeartbeatInterval: WORKER_HEARTBEAT,
  });
  if (endpoint) logger.info(`Metrics are served at ${endpoint.url}`);
}
