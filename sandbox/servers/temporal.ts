import { connect } from 'node:net';
import { join } from 'node:path';
import { SEARCH_ATTRIBUTES } from '../../src/contract/names.js';
import { ensureBinaries } from '../../tools/binaries.js';
import { freePorts } from './free-ports.js';
import { type ServerProcess, startServer, temporaryFolder, withFreshPorts } from './server-process.js';

/** How to start Temporal's dev server. */
export interface TemporalDevServerOptions {
  /** Keeps histories in this SQLite file, over restarts too. Default: in memory. */
  readonly dbFilename?: string;
  /** Of gRPC. Default: a free one. */
  readonly port?: number;
  /** Of the UI. Default: a free one. */
  readonly uiPort?: number;
  /** Of the HTTP API. Default: a free one. */
  readonly httpPort?: number;
  /** Where its log goes. Default: a temporary file, removed at the end. */
  readonly logFile?: string;
  /** Whether the search attributes of the workflow are registered. Default: true. */
  readonly searchAttributes?: boolean;
  /** The URL of a codec server for the UI. Default: none. */
  readonly codecEndpoint?: string;
  /** More arguments for `temporal server start-dev`. Default: none. */
  readonly extraArgs?: readonly string[];
}

/** Temporal's dev server, with its UI. */
export interface TemporalDevServer extends ServerProcess {
  /** Of gRPC, for `TEMPORAL_ADDRESS`: `127.0.0.1:PORT`. */
  readonly address: string;
  readonly uiUrl: string;
  /** The base of Temporal's HTTP API. */
  readonly httpUrl: string;
  readonly namespace: 'default';
}

/**
 * Starts Temporal's dev server at 127.0.0.1 and waits until it serves, its search attributes included.
 *
 * @throws Error with the end of its log when it does not come up
 */
export async function startTemporalDevServer(
  options: TemporalDevServerOptions = {},
): Promise<TemporalDevServer> {
  const { temporal } = await ensureBinaries();
  return withFreshPorts(() => start(temporal, options));
}

async function start(temporal: string, options: TemporalDevServerOptions): Promise<TemporalDevServer> {
  const { searchAttributes = true, codecEndpoint, dbFilename, extraArgs = [] } = options;
  const [freePort = 0, freeUiPort = 0, freeHttpPort = 0, metricsPort = 0] = await freePorts(4);
  const { port = freePort, uiPort = freeUiPort, httpPort = freeHttpPort } = options;
  const attributes = searchAttributes ? Object.entries(SEARCH_ATTRIBUTES) : [];
  const folder = await temporaryFolder('temporal');
  const httpUrl = `http://127.0.0.1:${httpPort}`;

  const server = await startServer({
    name: 'The Temporal dev server',
    command: temporal,
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--log-level', 'error', '--ui-disable-news-fetch'],
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
