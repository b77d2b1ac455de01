import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';
import type { Encryption, Settings } from '../settings/settings.js';
import { dataConverterFor } from '../temporal/connection.js';
import { VERSION } from '../util/version.js';

/** Shortest interval of heartbeats. They bound how late a killed worker or a cancelled upload is noticed. */
const HEARTBEAT_THROTTLE = '1 second';

/**
 * Time between the end of the grace period and the forced exit, in milliseconds. It is longer than any call that ignores
 * cancellation, so a worker exits even if Temporal is unreachable.
 */
export const FORCE_AFTER_GRACE_MS = 60_000;

/**
 * Maximum number of polls for activities at a time. Each open poll occupies a slot, and only free slots take activities that Temporal
 * returns with a completed workflow task, which saves the way through the task queue. So few polls make most activities start at once.
 */
const MAX_ACTIVITY_POLLS = 5;

/** Name of this process in histories, which tells which version of the program completed a step. */
const IDENTITY = `${process.pid}@${hostname()} aplos-upload-worker ${VERSION}, Node.js ${process.version.slice(1)}`;

/** Returns the options that follow from the settings, for every Worker of this process. */
export const optionsFrom = ({ encryption, concurrency, cachedWorkflows, shutdownGraceMs }: Settings) =>
  ({
    identity: IDENTITY,
    dataConverter: dataConverterOf(encryption),
    maxConcurrentActivityTaskExecutions: concurrency,
    maxConcurrentActivityTaskPolls: Math.min(MAX_ACTIVITY_POLLS, concurrency),
    maxCachedWorkflows: cachedWorkflows,
    shutdownGraceTime: shutdownGraceMs,
    shutdownForceTime: shutdownGraceMs + FORCE_AFTER_GRACE_MS,
    maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
    defaultHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
  }) satisfies Partial<WorkerOptions>;

/**
 * Returns the bundle of the workflow code. With encryption, its failure converter puts messages into payloads, and it trusts only
 * encrypted results of activities.
 */
export const workflowBundleFor = ({ mode }: Encryption): NonNullable<WorkerOptions['workflowBundle']> => ({
  codePath: built(mode === 'on' ? '../workflow-bundle-encrypted.js' : '../workflow-bundle.js'),
});

/** With encryption, activities put the messages of failures into payloads too. */
function dataConverterOf(encryption: Encryption): NonNullable<WorkerOptions['dataConverter']> {
  const dataConverter = dataConverterFor(encryption);
  if (encryption.mode !== 'on') return dataConverter;
  return { ...dataConverter, failureConverterPath: built('../temporal/encoded-failure-converter.js') };
}

const built = (path: string) => fileURLToPath(new URL(path, import.meta.url));
