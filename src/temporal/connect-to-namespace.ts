import type { Connection } from '@temporalio/client';
import { connectClient, type TemporalTarget } from './connection.js';
import { temporalError } from './errors.js';
import { withUploadErrors } from './with-upload-errors.js';

/** A connection whose calls throw only `UploadError`s. */
export type NamespaceConnection = Pick<Connection, 'workflowService' | 'operatorService' | 'close'>;

/**
 * Connects a client to Temporal and checks that the namespace exists.
 *
 * @throws UploadError `TEMPORAL_UNREACHABLE`, `TEMPORAL_ACCESS_DENIED` or `NAMESPACE_UNKNOWN`
 */
export async function connectToNamespace(target: TemporalTarget): Promise<NamespaceConnection> {
  const { namespace } = target;
  const connection = await connectClient(target);
  const translate = (error: unknown) => temporalError(error, target);
  const workflowService = withUploadErrors(connection.workflowService, translate);
  const operatorService = withUploadErrors(connection.operatorService, translate);
  const close = () => connection.close();
  try {
    await workflowService.describeNamespace({ namespace });
    return { workflowService, operatorService, close };
  } catch (error) {
    await close();
    throw error;
  }
}
