import { Runtime, type WorkerOptions } from '@temporalio/worker';
import type { Login } from '../aplos/connection/session.js';
import type { Settings } from '../settings/settings.js';
import { WorkerMetrics } from '../telemetry/metrics.js';
import { startTracing } from '../telemetry/tracing/start.js';
import { workerTracing } from '../telemetry/tracing/worker-tracing.js';
import {
  startWorkerHealth,
  type WorkerHealth,
  type WorkerHealthOptions,
} from '../telemetry/worker-health.js';
import type { WorkerLogger } from './logger.js';

/** Time to send the remaining traces when a worker stops, in milliseconds. */
const TRACES_FLUSH_MS = 5_000;

/** The metrics, traces and health of a worker process. */
export interface WorkerTelemetry {
  /** Interceptors and sinks for every Worker of this process. */
  readonly workerOptions: Pick<WorkerOptions, 'interceptors' | 'sinks'>;
  /** Records a login or token renewal of a profile, successful or not. */
  onLogin(profile: string, login: Login): void;
  /** Records how long an execution was missing from the list of a profile, in seconds. */
  onListLag(profile: string, seconds: number): void;
  /** Records that Aplos did not take a start of a profile because of a limit. */
  onStartRefused(profile: string): void;
  /**
   * Starts the health endpoint.
   *
   * @throws UploadError `SETTINGS_INVALID` if it cannot listen
   */
  serveHealth(options: WorkerHealthOptions): Promise<void>;
  stopHealth(): Promise<void>;
  /** Sends the remaining traces. */
  stopTraces(): Promise<void>;
}

/** Starts metrics, and traces if the environment enables them. */
export async function startTelemetry({ profiles }: Settings, logger: WorkerLogger): Promise<WorkerTelemetry> {
  const traces = await startTracing({
    serviceName: 'aplos-upload-worker',
    readablePaths: [...profiles.values()].map(({ apiUrl }) => apiUrl),
    flushMs: TRACES_FLUSH_MS,
    warn: (line) => logger.warn(line),
  });
  const metrics = new WorkerMetrics(Runtime.instance().metricMeter, profiles.keys());
  const tracing = workerTracing(traces);
  let health: WorkerHealth | undefined;
  return {
    workerOptions: {
      ...tracing,
      interceptors: {
        activity: [...(tracing.interceptors?.activity ?? []), metrics.activityInterceptors],
      },
    },
    onLogin: (profile, login) => {
      metrics.recordLogin(profile, login);
      health?.recordLogin(profile, login);
    },
    onListLag: (profile, seconds) => metrics.recordListLag(profile, seconds),
    onStartRefused: (profile) => metrics.recordStartRefused(profile),
    serveHealth: async (options) => {
      health = await startWorkerHealth(options);
      logger.info(`Health is served at ${health.url}/healthz and ${health.url}/readyz`);
    },
    stopHealth: async () => health?.stop(),
    stopTraces: async () => traces?.stop(),
  };
}
