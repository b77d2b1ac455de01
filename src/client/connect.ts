import { Client } from '@temporalio/client';
import type { Settings } from '../settings/settings.js';
import {
  assertEncryptionDecided,
  connectClient,
  dataConverterFor,
  temporalTarget,
} from '../temporal/connection.js';
import { startTracingInterceptor } from './tracing.js';

/** A connected Temporal client, and the address of its server for messages. */
export interface ConnectedClient {
  readonly client: Client;
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Connects a Temporal client by Temporal's own environment variables.
 *
 * @throws {@link UploadError} `SETTINGS_INVALID`, `TEMPORAL_UNREACHABLE` or `TEMPORAL_ACCESS_DENIED`
 */
export async function connectFromEnvironment({ encryption }: Settings): Promise<ConnectedClient> {
  const target = temporalTarget();
  assertEncryptionDecided(encryption, target);
  const connection = await connectClient(target);
  const client = new Client({
    connection,
    namespace: target.namespace,
    dataConverter: dataConverterFor(encryption),
    interceptors: { workflow: [startTracingInterceptor] },
  });
  return { client, address: target.address, close: () => connection.close() };
}
