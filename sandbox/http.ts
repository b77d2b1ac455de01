import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, Faults, Route, TriggeredFault } from './faults.js';

/** One call that came in. */
export interface RecordedCall {
  /** ISO 8601, UTC: when it came in. */
  readonly at: string;
  readonly method: string;
  /** `unknown` for what no route takes. */
  readonly route: Route | 'unknown';
  /** What was answered; 0 while there is no answer, or where the connection was cut. */
  readonly status: number;
  /** What triggered the call, if anything. */
  readonly fault?: Fault;
}

/** A call while it is being answered. */
export interface OpenCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly triggered: TriggeredFault | undefined;
}

/** What a route does with a call that is triggered by nothing, or by something that only the route understands. */
export type CallHandler = (call: OpenCall) => Promise<void>;

/** A server of the sandbox. */
export interface SandboxServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  stop(): Promise<void>;
}

/** What stands around every call: the log, the network's round trip, and faults. */
export interface ServerContext {
  readonly calls: RecordedCall[];
  readonly faults: Faults;
  readonly latencyMs: number;
}

/**
 * Serves HTTP at 127.0.0.1.
 *
 * @param port 0 for a free one
 * @param listener is given each call; where it throws, the connection is cut
 */
export async function serve(
  port: number,
  listener: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<SandboxServer> {
  // No time limit on a request: uploads are as long as they are.
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

/** Logs a call, lets the network take its time and a fault strike, and answers. */
export async function handleCall(
  route: RecordedCall['route'],
  request: IncomingMessage,
  response: ServerResponse,
  { calls, faults, latencyMs }: ServerContext,
  answer: CallHandler,
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
  const waitMs = latencyMs + (triggered?.fault.delayMs ?? 0);
  if (waitMs > 0) await sleep(waitMs);
  if (triggered && 'cut' in triggered.fault && triggered.fault.cut === 'before') request.destroy();
  else await answer({ request, response, triggered });
}

/** Answers with text, or with JSON. A 204 has no body. */
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

/** Reads what is left of a body and forgets it. */
export async function drain(request: IncomingMessage): Promise<void> {
  request.resume();
  await finished(request, { writable: false }).catch(() => {});
}

/** Resolves when the other side has hung up. */
export const untilClosed = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    if (response.destroyed) resolve();
    else response.once('close', () => resolve());
  });

/** The page of a proxy that stands between. */
export const PROXY_PAGE =
  '<!DOCTYPE html>\n<html><head><title>Please wait</title></head><body><h1>Scheduled maintenance</h1></body></html>\n';
