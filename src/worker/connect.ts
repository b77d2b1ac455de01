import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerDeploymentVersion } from '@temporalio/common';
import { NativeConnection } from '@temporalio/worker';
import { type TemporalTarget, workerConnectionOptions } from '../temporal/connection.js';
import { temporalError } from '../temporal/errors.js';
import { assertSearchAttributes } from '../temporal/search-attributes.js';
import { pollersOf, whyNoWorkIsAssigned } from '../temporal/versioning.js';
import type { WorkerLogger } from './logger.js';

/**
 * Connects to Temporal and checks that the namespace has every search attribute the workflow sets.
 *
 * @throws UploadError `TEMPORAL_UNREACHABLE`, `TEMPORAL_ACCESS_DENIED`, `NAMESPACE_UNKNOWN`, `SEARCH_ATTRIBUTES_MISSING` or
 *   `SEARCH_ATTRIBUTES_MISMATCHED`
 */
export async function connectWorker(target: TemporalTarget): Promise<NativeConnection> {
  let connection: NativeConnection | undefined;
  try {
    connection = await inTime(NativeConnection.connect(workerConnectionOptions(target)));
    await inTime(assertSearchAttributes(connection, target.namespace));
    return connection;
  } catch (error) {
    await connection?.close();
    throw temporalError(error, target, 'TEMPORAL_UNREACHABLE');
  }
}

/** Rejects if Temporal does not respond in time: the SDK's core waits for a server that hangs, whatever the deadline. */
async function inTime<Result>(call: Promise<Result>): Promise<Result> {
  const ended = new AbortController();
  const timeout = sleep(LIMIT_MS, undefined, { signal: ended.signal }).then(() => {
    throw new Error(`no response within ${LIMIT_MS / 1000} s`);
  });
  try {
    return await Promise.race([call, timeout]);
  } finally {
    ended.abort();
  }
}

const LIMIT_MS = 30_000;

/** Logs a warning if Temporal assigns no new uploads to workers of this deployment version. */
export async function warnIfNoWorkIsAssigned(
  connection: NativeConnection,
  { namespace }: TemporalTarget,
  deployment: WorkerDeploymentVersion | undefined,
  logger: WorkerLogger,
): Promise<void> {
  const reason = whyNoWorkIsAssigned(await inTime(pollersOf(connection, namespace)), deployment);
  if (reason) logger.warn(reason);
}
