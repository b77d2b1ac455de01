import { hostname } from 'node:os';
import { UploadError } from '../../../contract/errors.js';
import type { ReportedSettings, Versions } from '../../../qualification/report.js';
import type { NamespaceConnection } from '../../../temporal/connect-to-namespace.js';
import { pollersOf } from '../../../temporal/versioning.js';
import { userName } from '../../../util/user-name.js';
import { VERSION } from '../../../util/version.js';
import { allSettings } from '../settings/all-settings.js';

/** Returns who writes a record, when and where. */
export const writerOf = () => ({
  createdAt: new Date().toISOString(),
  requestedBy: userName(),
  host: hostname(),
});

/** Returns the versions of this command and, through a connection, of the Temporal server and the workers. */
export async function versionsOf(
  connection: NamespaceConnection | undefined,
  namespace: string,
): Promise<Versions> {
  const own = { program: VERSION, node: process.version.slice(1) };
  if (!connection) return { ...own, workers: [] };
  const [{ serverVersion }, { identities }] = await Promise.all([
    connection.workflowService.getSystemInfo({}),
    pollersOf(connection, namespace),
  ]);
  return { ...own, ...(serverVersion ? { temporal: serverVersion } : {}), workers: identities };
}

/** Returns the effective settings with secrets masked, or none if they are invalid. */
export function reportedSettings(reader: 'worker' | 'client'): ReportedSettings[] {
  try {
    return allSettings(process.env, reader);
  } catch (error) {
    if (error instanceof UploadError) return [];
    throw error;
  }
}
