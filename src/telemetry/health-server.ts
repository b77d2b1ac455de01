import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { UploadError } from '../contract/errors.js';
import type { ListenAddress } from '../http/listen-address.js';
import { startHttpServer } from '../http/server.js';
import { shortenText } from '../util/shorten-text.js';

/** A service that the worker depends on. */
export interface Dependency {
  /** Name in responses. */
  readonly name: string;
  /** Throws if the dependency is unavailable. */
  readonly check: () => Promise<void>;
  /** Returns the milliseconds until the next check, given the error of the last one; `undefined` if it passed. */
  readonly nextCheckMs: (error: unknown) => number;
}

/** Settings of a health server. */
export interface HealthOptions extends ListenAddress {
  /** Returns the state of the worker: `RUNNING`, or a state in which it takes no work, such as `DRAINING`. */
  readonly workerState: () => string;
  readonly dependencies: readonly Dependency[];
}

/** A health server that is listening. */
export interface HealthServer {
  readonly url: string;
  /** Records a result that was observed outside the regular checks: an error, or `undefined` for success. */
  record(name: string, error: unknown): void;
  stop(): Promise<void>;
}

const NOT_CHECKED = 'not checked yet';
const OK = 'ok';
const ENDED_STATES = ['FAILED', 'STOPPED'];

/**
 * Serves `GET /healthz` (200 unless the worker has failed and a restart may help) and `GET /readyz` (200 while the
 * worker takes work and all dependencies are available; otherwise 503 with the reasons). Responses contain the results
 * of the latest checks, without waiting for new ones.
 *
 * @throws Error if it cannot listen
 */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const { workerState, dependencies, host, port } = options;
  const results = new Map(dependencies.map(({ name }) => [name, NOT_CHECKED]));
  const record = (name: string, error: unknown) => results.set(name, error ? describe(error) : OK);

  const server = await startHttpServer({
    host,
    port,
    keepsProcessAlive: false,
    handle: ({ method }, response, path) => {
      if (method !== 'GET' && method !== 'HEAD')
        return send(response, 405, 'method not allowed, use GET', {});
      const worker = workerState();
      if (path === '/healthz') {
        const isAlive = !ENDED_STATES.includes(worker);
        return send(response, isAlive ? 200 : 503, isAlive ? 'alive' : 'failed', { worker });
      }
      if (path === '/readyz') {
        const isReady = worker === 'RUNNING' && [...results.values()].every((result) => result === OK);
        const checks = { worker, ...Object.fromEntries(results) };
        return send(response, isReady ? 200 : 503, isReady ? 'ready' : 'not ready', checks);
      }
      return send(response, 404, 'not found, use /healthz or /readyz', {});
    },
  });

  const stopping = new AbortController();
  for (const dependency of dependencies) void checkRepeatedly(dependency);
  return {
    url: server.url,
    record,
    stop: () => {
      stopping.abort();
      return server.destroy();
    },
  };

  async function checkRepeatedly({ name, check, nextCheckMs }: Dependency): Promise<void> {
    while (!stopping.signal.aborted) {
      const error = await check().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      record(name, error);
      await sleep(nextCheckMs(error), undefined, { signal: stopping.signal, ref: false }).catch(() => {});
    }
  }
}

function send(response: ServerResponse, code: number, status: string, checks: Record<string, string>): void {
  response.writeHead(code, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify({ status, checks })}\n`);
}

const describe = (error: unknown): string =>
  error instanceof UploadError ? `${error.code}: ${error.message}` : shortenText(String(error));
