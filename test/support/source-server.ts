import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { httpsAgent } from '../../src/files/https-agent.js';
import type { ReadTimeouts } from '../../src/files/read-timeouts.js';
import { type OpenFile, openSource, type SourceAccess } from '../../src/files/source.js';
import { HostList } from '../../src/http/host-list.js';
import type { ReachableAgentOptions } from '../../src/http/reach.js';
import type { KeyAndCertificate } from './certificates.js';

/** Responds to the request with the given number, counted from 1. */
export type Responder = (request: IncomingMessage, response: ServerResponse, number: number) => void;

/** A server with a source. */
export interface SourceServer {
  /** Base URL without a trailing slash. */
  readonly url: string;
  readonly requests: IncomingMessage[];
}

/** Starts a server that is stopped after the test. */
export async function sourceServer(respond: Responder, tls?: KeyAndCertificate): Promise<SourceServer> {
  const { server, requests } = countingServer(respond, tls);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => stopServer(server));
  return { url: urlOf(server, tls), requests };
}

/** Creates a server that records its requests, but does not listen yet. */
export function countingServer(respond: Responder, tls?: KeyAndCertificate) {
  const requests: IncomingMessage[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    requests.push(request);
    respond(request, response, requests.length);
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  return { server, requests };
}

export const urlOf = (server: Server, tls?: unknown) =>
  `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`;

export function stopServer(server: Server): void {
  server.closeAllConnections();
  server.close();
}

/** Options of {@link serve}. */
export interface Serving {
  /** Default: a strong ETag */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether range requests are supported. Default: true */
  readonly ranges?: boolean;
  /** Whether the response is chunked, without a Content-Length. Default: false */
  readonly chunked?: boolean;
  /** Bytes after which the connection drops, for each response. Default: never */
  readonly cuts?: readonly number[];
}

/** Serves a file, and drops connections as configured. */
export const serve =
  (
    content: Buffer,
    { headers = { etag: '"v1"' }, ranges = true, chunked, cuts = [] }: Serving = {},
  ): Responder =>
  (request, response, number) => {
    const from = ranges ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
    const condition = request.headers['if-range'];
    const isPart =
      ranges &&
      request.headers.range !== undefined &&
      (condition === undefined || Object.values(headers).includes(condition as string));
    const body = isPart ? content.subarray(from) : content;
    const range = isPart ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {};
    response.writeHead(isPart ? 206 : 200, {
      ...headers,
      ...range,
      ...(chunked ? {} : { 'content-length': body.length }),
    });
    const cut = cuts[number - 1];
    if (cut === undefined) response.end(body);
    else response.write(body.subarray(0, cut), () => setImmediate(() => response.destroy()));
  };

/** Hosts that a test may read from. Default: this machine */
export interface Access extends ReachableAgentOptions {
  readonly hosts?: readonly string[];
  readonly spoolLimitBytes?: number;
}

export function accessTo({
  hosts = ['127.0.0.1'],
  spoolLimitBytes = 1e8,
  ...options
}: Access = {}): SourceAccess {
  const list = new HostList(hosts);
  const dispatcher = httpsAgent(list, options);
  onTestFinished(() => dispatcher.destroy());
  return { https: { hosts: list, dispatcher, spoolLimitBytes } };
}

/** Opens a source that is closed after the test. */
export async function openRemote(
  source: string,
  access: Access = {},
  timeouts: ReadTimeouts = { idleTimeoutMs: 60_000 },
): Promise<OpenFile> {
  const file = await openSource(source, 'pk.csv', accessTo(access), timeouts);
  onTestFinished(() => file.close());
  return file;
}

export async function bytesOf(file: OpenFile, timeouts?: ReadTimeouts): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of file.chunks(timeouts)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
