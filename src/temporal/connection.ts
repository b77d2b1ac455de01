import { Connection, type ConnectionOptions } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { type ClientConnectConfig, loadClientConnectConfig } from '@temporalio/envconfig';
import { getProxyForUrl } from 'proxy-from-env';
import { UploadError } from '../contract/errors.js';
import { isLoopback } from '../http/address.js';
import { environmentProxies } from '../http/proxies.js';
import type { Encryption, Settings } from '../settings/settings.js';
import { quote } from '../util/quote.js';
import { shortenText } from '../util/shorten-text.js';
import { systemErrorCode } from '../util/system-error.js';
import { channelError } from './channel-error.js';
import { EncryptionCodec, plainCodec } from './encryption-codec.js';
import { type TemporalServer, temporalError } from './errors.js';
import { OpenCalls } from './open-calls.js';

/** Timeout for connecting a client. A reachable Temporal server responds much faster. */
export const CONNECT_TIMEOUT = '5 seconds';

/** Address and namespace of Temporal, and the options for connecting to it. */
export interface TemporalTarget extends TemporalServer {
  readonly connectionOptions: ClientConnectConfig['connectionOptions'];
}

/**
 * Reads the settings of the connection to Temporal, and Temporal's own configuration file.
 *
 * @throws UploadError `SETTINGS_INVALID`
 */
export function temporalTarget({ temporal }: Pick<Settings, 'temporal'>): TemporalTarget {
  const { connectionOptions, namespace } = loadConnectConfig(temporal.variables());
  const address = connectionOptions.address ?? 'localhost:7233';
  assertAddress(address);
  return {
    address,
    namespace: namespace ?? 'default',
    connectionOptions: {
      ...connectionOptions,
      address: connectionOptions.tls ? address : resolved(address),
    },
  };
}

function loadConnectConfig(overrideEnvVars: Record<string, string>): ClientConnectConfig {
  try {
    return loadClientConnectConfig({ overrideEnvVars });
  } catch (cause) {
    throw new UploadError(
      'SETTINGS_INVALID',
      `Cannot read Temporal's settings: ${shortenText(String((cause as Error).message))}`,
      {
        cause,
        action:
          systemErrorCode(cause) === 'EACCES'
            ? 'Give read permission, name another file in TEMPORAL_CONFIG_FILE, or set HOME to a folder of this user.'
            : 'Check TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE and the file it names.',
      },
    );
  }
}

const ADDRESS = /^(?:[\w.-]+|\[[\da-f:.]+(?:%\w+)?\])(?::(?<port>\d{1,5}))?$/i;

function assertAddress(address: string): void {
  const match = ADDRESS.exec(address);
  const port = match?.groups?.port ?? '7233';
  if (match && Number(port) > 0 && Number(port) < 2 ** 16) return;
  const shown = address.replace(/[^/]*@/, '…@');
  throw new UploadError('SETTINGS_INVALID', `The address of Temporal, ${quote(shown)}, is not HOST:PORT`, {
    action:
      'Set TEMPORAL_ADDRESS, or the address in the configuration file of Temporal, to a host and a port without a scheme or a path, such as localhost:7233 or [::1]:7233.',
  });
}

/** A name under `localhost` is this machine, but a DNS server could return another address for it. */
const resolved = (address: string) => address.replace(/^[^:/]*\.localhost\.?(?=:|$)/i, 'localhost');

/** Returns the options of a worker's connection, with the proxy: Temporal's core does not read the proxy variables. */
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

/**
 * Connects a client, through the proxy if one is configured. Each call has a time limit, and `close` waits for the calls in
 * progress.
 *
 * @throws UploadError `TEMPORAL_UNREACHABLE` or `TEMPORAL_ACCESS_DENIED`
 */
export async function connectClient(target: TemporalTarget): Promise<Connection> {
  const proxy = proxyFor(target);
  const calls = new OpenCalls();
  const options: ConnectionOptions = {
    connectTimeout: CONNECT_TIMEOUT,
    ...target.connectionOptions,
    interceptors: calls.interceptors,
  };
  const connection = proxy
    ? withVariable('grpc_proxy', proxy, () => Connection.lazy(options))
    : Connection.lazy({ ...options, channelArgs: { 'grpc.enable_http_proxy': 0 } });
  const closeChannel = connection.close.bind(connection);
  connection.close = async () => {
    await calls.ended();
    await closeChannel();
  };
  try {
    await connection.ensureConnected();
    return connection;
  } catch (error) {
    const cause = (await channelError(connection)) ?? error;
    await connection.close();
    throw temporalError(cause, target, 'TEMPORAL_UNREACHABLE');
  }
}

/** @throws UploadError `SETTINGS_INVALID` for an `https:` proxy, because gRPC cannot connect to a proxy over TLS */
function proxyFor({ address }: TemporalTarget): string | undefined {
  if (isLoopback(address) || !['https', 'http'].some((scheme) => getProxyForUrl(`${scheme}://${address}`)))
    return undefined;
  const { https: proxy } = environmentProxies();
  if (proxy.startsWith('http://')) return proxy;
  throw new UploadError(
    'SETTINGS_INVALID',
    `Cannot connect to Temporal at ${address} through an https: proxy`,
    {
      action: 'Set HTTPS_PROXY to an http: proxy, or add the host of Temporal to NO_PROXY.',
    },
  );
}

/**
 * Sets an environment variable during a call: gRPC reads its proxy only from a lower-case variable, when it creates a
 * channel.
 */
function withVariable<Result>(name: string, value: string, call: () => Result): Result {
  const before = process.env[name];
  process.env[name] = value;
  try {
    return call();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}

/** Returns the data converter of clients and workers: it encrypts payloads if the settings have a key. */
export const dataConverterFor = (encryption: Encryption): DataConverter => ({
  payloadCodecs: [encryption.mode === 'on' ? new EncryptionCodec(encryption.keys) : plainCodec],
});

/**
 * Checks that encryption is on, or explicitly off, if Temporal runs on another machine: payloads include presigned POSTs.
 *
 * @throws UploadError `SETTINGS_INVALID`
 */
export function assertEncryptionDecided(encryption: Encryption, { address }: TemporalTarget): void {
  if (encryption.mode !== 'unset' || isLoopback(address)) return;
  throw new UploadError(
    'SETTINGS_INVALID',
    `Temporal at ${address} would store presigned POSTs unencrypted, because no encryption key is set`,
    {
      action:
        'Set APLOS_UPLOAD_ENCRYPTION_KEY to ID:KEY, the same on every worker and client (create KEY with `openssl rand -base64 32`), or set APLOS_UPLOAD_ENCRYPTION=off.',
    },
  );
}
