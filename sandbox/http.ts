import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, Faults, Route, TriggeredFault } from './faults.js';

/** A call that the sandbox received. */
export interface RecordedCall {
  /** Time of arrival. ISO 8601, UTC. */
  readonly at: string;
  readonly method: string;
  /** `unknown` if no route matches. */
  readonly route: Route | 'unknown';
  /** Status of the response; 0 if there is none yet, or the connection was closed. */
  readonly status: number;
  /** Fault that triggered on the call, if any. */
  readonly fault?: Fault;
}

/** A call that is being handled. */
export interface OpenCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly triggered: TriggeredFault | undefined;
}

/** Handles a call, and the faults that depend on the route. */
export type CallHandler = (call: OpenCall) => Promise<void>;

/** A server of the sandbox. */
export interface SandboxServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  stop(): Promise<void>;
}

/** Log of calls, faults and latency, which all calls of a sandbox share. */
export interface ServerContext {
  readonly calls: RecordedCall[];
  readonly faults: Faults;
  readonly latencyMs: number;
}

/**
 * Serves HTTP on 127.0.0.1.
 *
 * @param port port to listen on; 0 picks a free port
 * @param listener handles a call; if it rejects, the connection is closed
 */
export async function serve(
  port: number,
  listener: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<SandboxServer> {
  // Uploads may take any time.
  const server: Server = createServer(
    { requestTimeout: 0, keepAliveTimeout: 60_000 },
    (request, response) => {
      response.on('error', () => {});
      request.on('error', () => {});
      listener(request, response).catch(() => request.destroy());
    },
  );
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound}`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Records a call, applies latency and faults, and lets the route handle it. */
export async function handleCall(
  route: RecordedCall['route'],
  request: IncomingMessage,
  response: ServerResponse,
  { calls, faults, latencyMs }: ServerContext,
  handle: CallHandler,
): Promise<void> {
  const triggered = route === 'unknown' ? undefined : faults.trigger(route);
  const call: { -readonly [Field in keyof RecordedCall]: RecordedCall[Field] } = {
    at: new Date().toISOString(),
    method: request.method ?? '',
    route,
    status: 0,
    ...(triggered && { fault: triggered.fault }),
  };
  calls.push(call);
  response.once('finish', () => {
    call.status = response.statusCode;
  });
  if (latencyMs > 0) await sleep(latencyMs);
  if (triggered?.fault.delayMs)
    await sleep(triggered.fault.delayMs, undefined, { signal: triggered.removed }).catch(() => {});
  if (triggered && 'cut' in triggered.fault && triggered.fault.cut === 'before') request.destroy();
  else await handle({ request, response, triggered });
}

/** Responds with text or JSON. A 204 has no body. */
export function sendBody(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.statusCode = status;
  response.setHeader('content-type', typeof body === 'string' ? 'text/plain' : 'application/json');
  if (status !== 204) response.setHeader('content-length', Buffer.byteLength(text));
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(status === 204 ? undefined : text);
}

/** Reads the rest of a body and discards it. */
export async function drain(request: IncomingMessage): Promise<void> {
  request.resume();
  await finished(request, { writable: false }).catch(() => {});
}

/** Resolves when the client closes the connection. */
export const untilClosed = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    if (response.destroyed) resolve();
    else response.once('close', () => resolve());
  });

/** Error page of a proxy. */
export const PROXY_PAGE =
  '<!DOCTYPE html>\n<html><head><title>Please wait</title></head><body><h1>Scheduled maintenance</h1></body></html>\n';
