import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { type HttpsAgentOptions, httpsAgent } from '../../src/files/https-agent.js';
import type { ReadTimeouts } from '../../src/files/read-timeouts.js';
import { type OpenFile, openSource, type SourceAccess } from '../../src/files/source.js';
import { HostList } from '../../src/http/host-list.js';
import type { KeyAndCertificate } from './certificates.js';

/** What a request was answered with is up to the test. */
export type Answer = (request: IncomingMessage, response: ServerResponse, number: number) => void;

/** A server that files are read from. */
export interface SourceServer {
  /** Without a trailing slash. */
  readonly url: string;
  readonly requests: IncomingMessage[];
}

/** A server that lives as long as the running test. */
export async function sourceServer(answer: Answer, tls?: KeyAndCertificate): Promise<SourceServer> {
  const { server, requests } = countingServer(answer, tls);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => stopServer(server));
  return { url: urlOf(server, tls), requests };
}

/** A server that is not listening yet, and what it will be asked. */
export function countingServer(answer: Answer, tls?: KeyAndCertificate) {
  const requests: IncomingMessage[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    requests.push(request);
    answer(request, response, requests.length);
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

/** How a file is served. */
export interface Serving {
  /** Default: a strong ETag of the content's length. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether parts can be asked for. Default: yes. */
  readonly ranges?: boolean;
  /** Without a Content-Length, in chunks. Default: no. */
  readonly chunked?: boolean;
  /** After how many bytes the first answer is cut, the second, and so on. */
  readonly cuts?: readonly number[];
}

/** Serves a file as servers do, but for the connections that it cuts. */
export const serve =
  (
    content: Buffer,
    { headers = { etag: '"v1"' }, ranges = true, chunked, cuts = [] }: Serving = {},
  ): Answer =>
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

/** What may be read in a test: this machine's servers, unless said otherwise. */
export interface Access extends HttpsAgentOptions {
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

/** A file at a server, open for the running test. */
export async function openRemote(
  source: string,
  access: Access = {},
  timeouts: ReadTimeouts = { idleTimeoutMs: 5_000 },
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
