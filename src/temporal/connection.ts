import { Connection, type ConnectionOptions } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { type ClientConnectConfig, loadClientConnectConfig } from '@temporalio/envconfig';
import { getProxyForUrl } from 'proxy-from-env';
import { UploadError } from '../contract/errors.js';
import { isLoopback } from '../http/address.js';
import { environmentProxies } from '../http/proxies.js';
import type { Encryption } from '../settings/settings.js';
import { shortenText } from '../util/shorten-text.js';
import { EncryptionCodec, plainCodec } from './encryption-codec.js';

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
      `Temporal's settings cannot be read: ${shortenText(String((cause as Error).message))}`,
      {
        cause,
        action: 'Check TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE and the file it names.',
      },
    );
  }
}

/** The options of a worker's connection: Temporal's core is told of the proxy, as it does not look for one. */
export function workerConnectionOptions(target: TemporalTarget): ClientConnectConfig['connectionOptions'] {
  const proxy = proxyFor(target);
  if (!proxy) return target.connectionOptions;
  const { hostname, port, username, password } = new URL(proxy);
  const basicAuth = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  return {
    ...target.connectionOptions,
    proxy: {
      type: 'http-connect',
      targetHost: `${hostname}:${port || 80}`,
      ...(username ? { basicAuth } : {}),
    },
  };
}

/** Connects a client. */
export async function connectClient(target: TemporalTarget): Promise<Connection> {
  const proxy = proxyFor(target);
  const options: ConnectionOptions = { connectTimeout: CONNECT_TIMEOUT, ...target.connectionOptions };
  const connection = proxy
    ? withVariable('grpc_proxy', proxy, () => Connection.lazy(options))
    : Connection.lazy({ ...options, channelArgs: { 'grpc.enable_http_proxy': 0 } });
  try {
    await connection.ensureConnected();
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** @throws UploadError `SETTINGS_INVALID` for a proxy that is itself reached by TLS, which gRPC does not speak */
function proxyFor({ address }: TemporalTarget): string | undefined {
  if (isLoopback(address) || !['https', 'http'].some((scheme) => getProxyForUrl(`${scheme}://${address}`)))
    return undefined;
  const { https: proxy } = environmentProxies();
  if (proxy.startsWith('http://')) return proxy;
  throw new UploadError(
    'SETTINGS_INVALID',
    `Temporal at ${address} cannot be reached through an https: proxy`,
    {
      action: 'Name an http: proxy in HTTPS_PROXY, or the host of Temporal in NO_PROXY.',
    },
  );
}

/** gRPC looks for its proxy in the environment only, while a channel is made, and not in capitals. */
function withVariable<Result>(name: string, value: string, work: () => Result): Result {
  const before = process.env[name];
  process.env[name] = value;
  try {
    return work();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}

/** What a client and a worker convert payloads with. */
export const dataConverterFor = (encryption: Encryption): DataConverter => ({
  payloadCodecs: [encryption.mode === 'on' ? new EncryptionCodec(encryption.keys) : plainCodec],
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

/** The error for a Temporal that cannot be talked to; one that has a code already as it is. */
export function temporalUnreachable(
  { address, namespace }: Pick<TemporalTarget, 'address' | 'namespace'>,
  cause: unknown,
): UploadError {
  if (cause instanceof UploadError) return cause;
  const happened = `Temporal at ${address}, namespace "${namespace}", cannot be reached (${reasonOf(cause)})`;
  return new UploadError('TEMPORAL_UNREACHABLE', happened, { cause });
}

/** The SDK's core wraps what gRPC said in the names of its own layers. */
function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return shortenText(/message: "([^"]+)"/.exec(message)?.[1] ?? message);
}
