import { connect } from 'node:net';
import { join } from 'node:path';
import { SEARCH_ATTRIBUTES } from '../../src/contract/names.js';
import { ensureBinaries } from './binaries.js';
import { freePorts } from './free-ports.js';
import { type ServerProcess, startServer, temporaryFolder, withFreshPorts } from './server-process.js';

/** Options of Temporal's dev server. */
export interface TemporalDevServerOptions {
  /** SQLite file for histories, which survive a restart. Default: in memory. */
  readonly dbFilename?: string;
  /** Address to listen on. Default: 127.0.0.1. */
  readonly ip?: string;
  /** Port of gRPC. Default: a free port. */
  readonly port?: number;
  /** Port of the UI. Default: a free port. */
  readonly uiPort?: number;
  /** Port of the HTTP API. Default: a free port. */
  readonly httpPort?: number;
  /** Log file. Default: a temporary file that is removed at the end. */
  readonly logFile?: string;
  /** False leaves out the search attributes of the workflow. Default: true. */
  readonly searchAttributes?: boolean;
  /** URL of a codec server for the UI. Default: none. */
  readonly codecEndpoint?: string;
  /** Additional arguments of `temporal server start-dev`. Default: none. */
  readonly extraArgs?: readonly string[];
}

/** Temporal's dev server, with its UI. */
export interface TemporalDevServer extends ServerProcess {
  /** Address of gRPC, for `TEMPORAL_ADDRESS`: `127.0.0.1:PORT`. */
  readonly address: string;
  readonly uiUrl: string;
  /** Base URL of Temporal's HTTP API. */
  readonly httpUrl: string;
  readonly namespace: 'default';
}

/**
 * Starts Temporal's dev server on 127.0.0.1 and waits until it is ready and its search attributes are registered.
 *
 * @throws Error with the end of its log if it does not start
 */
export async function startTemporalDevServer(
  options: TemporalDevServerOptions = {},
): Promise<TemporalDevServer> {
  const { temporal } = await ensureBinaries();
  return withFreshPorts(() => start(temporal, options));
}

async function start(temporal: string, options: TemporalDevServerOptions): Promise<TemporalDevServer> {
  const { searchAttributes = true, codecEndpoint, dbFilename, extraArgs = [], ip = '127.0.0.1' } = options;
  const [freePort = 0, freeUiPort = 0, freeHttpPort = 0, metricsPort = 0] = await freePorts(4);
  const { port = freePort, uiPort = freeUiPort, httpPort = freeHttpPort } = options;
  const attributes = searchAttributes ? Object.entries(SEARCH_ATTRIBUTES) : [];
  const folder = await temporaryFolder('temporal');
  const httpUrl = `http://127.0.0.1:${httpPort}`;

  const server = await startServer({
    name: 'The Temporal dev server',
    command: temporal,
    args: [
      ...['server', 'start-dev', '--ip', ip, '--log-level', 'error', '--ui-disable-news-fetch'],
      ...['--port', `${port}`, '--ui-port', `${uiPort}`, '--http-port', `${httpPort}`],
      ...['--metrics-port', `${metricsPort}`],
      ...(dbFilename ? ['--db-filename', dbFilename] : []),
      ...(codecEndpoint ? ['--ui-codec-endpoint', codecEndpoint] : []),
      ...attributes.flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
      ...extraArgs,
    ],
    logFile: options.logFile ?? join(folder, 'temporal.log'),
    ready: async () =>
      (await accepts(port)) &&
      (await has(`${httpUrl}/api/v1/namespaces/default`, [])) &&
      (await has(
        `${httpUrl}/api/v1/namespaces/default/search-attributes`,
        attributes.map(([name]) => name),
      )),
    leftovers: [folder],
    stopSignal: dbFilename ? 'SIGTERM' : 'SIGKILL',
  });
  return Object.assign(server, {
    address: `127.0.0.1:${port}`,
    uiUrl: `http://127.0.0.1:${uiPort}`,
    httpUrl,
    namespace: 'default' as const,
  });
}

async function has(url: string, words: readonly string[]): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  const text = await response.text();
  return response.ok && words.every((word) => text.includes(word));
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
