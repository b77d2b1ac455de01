import { isIPv4, isIPv6 } from 'node:net';
import type { DataConverter } from '@temporalio/common';
import { type ClientConnectConfig, loadClientConnectConfig } from '@temporalio/envconfig';
import type { Encryption } from '../config.js';
import { UploadError } from '../contract/errors.js';
import { inFewWords } from '../http/words.js';
import { codecWithoutKey, EncryptionCodec } from './codec.js';

/** A Temporal that is there answers well within this. */
export const CONNECT_TIMEOUT = '5 seconds';

/** Where Temporal is. */
export interface TemporalTarget {
  /** Host and port. Default: localhost:7233 */
  readonly address: string;
  /** Default: default */
  readonly namespace: string;
  readonly connectionOptions: ClientConnectConfig['connectionOptions'];
}

/**
 * Reads Temporal's own variables and configuration file: `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`,
 * `TEMPORAL_PROFILE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS_…`.
 *
 * @throws UploadError `SETTINGS_INVALID`
 */
export function temporalTarget(): TemporalTarget {
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig();
    const address = connectionOptions.address ?? 'localhost:7233';
    return {
      address,
      namespace: namespace ?? 'default',
      connectionOptions: { ...connectionOptions, address },
    };
  } catch (cause) {
    throw new UploadError(
      'SETTINGS_INVALID',
      `Temporal's settings cannot be read: ${inFewWords(String((cause as Error).message))}`,
      {
        cause,
        action: 'Check TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE and the file it names.',
      },
    );
  }
}

/** What a client and a worker convert payloads with. */
export const dataConverterFor = (encryption: Encryption): DataConverter => ({
  payloadCodecs: [encryption.mode === 'on' ? new EncryptionCodec(encryption.keys) : codecWithoutKey],
});

/**
 * Where Temporal is on another machine, payloads (among them the presigned form) must be encrypted, or be
 * sent in plain in so many words.
 *
 * @throws UploadError `SETTINGS_INVALID`
 */
export function assertEncryptionDecided(encryption: Encryption, { address }: TemporalTarget): void {
  if (encryption.mode !== 'unset' || isLoopback(address)) return;
  throw new UploadError(
    'SETTINGS_INVALID',
    `Temporal at ${address} would store presigned uploads in plain, as no encryption key is set`,
    {
      action:
        'Set APLOS_UPLOAD_ENCRYPTION_KEY to ID:KEY (make KEY with `openssl rand -base64 32`), the same on every worker and client; or APLOS_UPLOAD_ENCRYPTION=off.',
    },
  );
}

function isLoopback(address: string): boolean {
  const host = isIPv6(address) ? address : address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** The error for a Temporal that cannot be talked to. */
export function temporalUnreachable({ address, namespace }: TemporalTarget, cause: unknown): UploadError {
  const happened = `Temporal at ${address}, namespace "${namespace}", cannot be reached (${reasonOf(cause)})`;
  return new UploadError('TEMPORAL_UNREACHABLE', happened, { cause });
}

/** The SDK's core wraps what gRPC said in the names of its own layers. */
function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return inFewWords(/message: "([^"]+)"/.exec(message)?.[1] ?? message);
}
