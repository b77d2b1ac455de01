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
 * Connects a Temporal client to the server that the settings name.
 *
 * @throws {@link UploadError} `SETTINGS_INVALID`, `TEMPORAL_UNREACHABLE` or `TEMPORAL_ACCESS_DENIED`
 */
export async function connectFromSettings(settings: Settings): Promise<ConnectedClient> {
  const { encryption } = settings;
  const target = temporalTarget(settings);
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
