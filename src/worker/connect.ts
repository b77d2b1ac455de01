import type { WorkerDeploymentVersion } from '@temporalio/common';
import { NativeConnection } from '@temporalio/worker';
import { type TemporalTarget, temporalUnreachable, workerConnectionOptions } from '../temporal/connection.js';
import { assertSearchAttributes } from '../temporal/search-attributes.js';
import { pollersOf, whyNoWorkIsAssigned } from '../temporal/versioning.js';
import type { WorkerLogger } from './logger.js';

/**
 * Connects to Temporal and checks that the namespace has every search attribute the workflow sets.
 *
 * @throws UploadError `TEMPORAL_UNREACHABLE` or `SEARCH_ATTRIBUTES_MISSING`
 */
export async function connectWorker(target: TemporalTarget): Promise<NativeConnection> {
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

/** Logs a warning if Temporal assigns no new uploads to workers of this deployment version. */
export async function warnIfNoWorkIsAssigned(
  connection: NativeConnection,
  { namespace }: TemporalTarget,
  deployment: WorkerDeploymentVersion | undefined,
  logger: WorkerLogger,
): Promise<void> {
  const reason = whyNoWorkIsAssigned(await pollersOf(connection, namespace), deployment);
  if (reason) logger.warn(reason);
}
