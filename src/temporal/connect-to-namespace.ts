import type { Connection } from '@temporalio/client';
import { connectClient, type TemporalTarget, temporalUnreachable } from './connection.js';

/**
 * Connects a client to Temporal and checks that the namespace exists.
 *
 * @throws UploadError `TEMPORAL_UNREACHABLE`
 */
export async function connectToNamespace(target: TemporalTarget): Promise<Connection> {
  try {
    const connection = await connectClient(target);
    await connection.workflowService.describeNamespace({ namespace: target.namespace });
    return connection;
  } catch (error) {
    throw temporalUnreachable(target, error);
  }
}
