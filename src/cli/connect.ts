import { Connection } from '@temporalio/client';
import { CONNECT_TIMEOUT, type TemporalTarget, temporalUnreachable } from '../temporal/connection.js';

/**
 * Connects to Temporal, and checks that the namespace is there.
 *
 * @throws UploadError `TEMPORAL_UNREACHABLE`
 */
export async function connectToTemporal(target: TemporalTarget): Promise<Connection> {
  try {
    const connection = await Connection.connect({
      connectTimeout: CONNECT_TIMEOUT,
      ...target.connectionOptions,
    });
    await connection.workflowService.describeNamespace({ namespace: target.namespace });
    return connection;
  } catch (error) {
    throw temporalUnreachable(target, error);
  }
}
