import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { UploadError } from '../contract/errors.js';
import { shortenText } from '../util/shorten-text.js';

/** Something that a worker cannot do its job without. */
export interface Dependency {
  /** As the answer names it. */
  readonly name: string;
  /** Milliseconds to the next look, given why the last one failed; `undefined`: it did not. */
  readonly nextLookMs: (error: unknown) => number;
  /** Throws where it is not there. */
  readonly look: () => Promise<void>;
}

/** What health is told from. */
export interface HealthOptions {
  /** `RUNNING`, or else why there is no work done, e.g. `DRAINING`. */
  readonly workerState: () => string;
  readonly needs: readonly Dependency[];
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
}

/** A health server that listens. */
export interface HealthServer {
  readonly url: string;
  /** Takes what was found out elsewhere: an error, or that all is well. */
  note(name: string, error: unknown): void;
  stop(): Promise<void>;
}

const NOT_LOOKED = 'not looked at yet';
const FINE = 'ok';
const ENDED = ['FAILED', 'STOPPED'];

/**
 * Serves `GET /healthz` (200 unless the worker has failed: a restart may help) and `GET /readyz` (200 while it takes
 * work and has all that it needs; else 503, with what it lacks). Answers come at once, from what the last looks found.
 *
 * @throws Error when it cannot listen
 */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const { workerState, needs, host, port } = options;
  const findings = new Map(needs.map(({ name }) => [name, NOT_LOOKED]));
  const note = (name: string, error: unknown) => findings.set(name, error ? inWords(error) : FINE);

  const server = createServer((request, response) => {
    const [path] = (request.url ?? '').split('?');
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'only GET', {});
    const worker = workerState();
    if (path === '/healthz') {
      const isAlive = !ENDED.includes(worker);
      return answer(response, isAlive ? 200 : 503, isAlive ? 'alive' : 'failed', { worker });
    }
    if (path === '/readyz') {
      const isReady = worker === 'RUNNING' && [...findings.values()].every((finding) => finding === FINE);
      const checks = { worker, ...Object.fromEntries(findings) };
      return answer(response, isReady ? 200 : 503, isReady ? 'ready' : 'not ready', checks);
    }
    return answer(response, 404, 'there are /healthz and /readyz', {});
  });
  server.unref().listen(port, host);
  await once(server, 'listening');

  const stopping = new AbortController();
  for (const need of needs) void keepLooking(need);
  const { address, port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${bound}`,
    note,
    stop: async () => {
      stopping.abort();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };

  async function keepLooking({ name, look, nextLookMs }: Dependency): Promise<void> {
    while (!stopping.signal.aborted) {
      const error = await look().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      note(name, error);
      await sleep(nextLookMs(error), undefined, { signal: stopping.signal, ref: false }).catch(() => {});
    }
  }
}

function answer(
  response: ServerResponse,
  status: number,
  word: string,
  checks: Record<string, string>,
): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify({ status: word, checks })}\n`);
}

const inWords = (error: unknown): string =>
  error instanceof UploadError ? `${error.code}: ${error.message}` : shortenText(String(error));
