import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { isUnreadable } from './unreadable.js';

const { Payloads } = proto.temporal.api.common.v1;

/** More than a page of a history, which is what the Temporal UI sends at a time. */
const MAX_BYTES = 8 * 1024 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;

/** Who may use a codec server, and where it listens. */
export interface CodecServerOptions {
  readonly codec: PayloadCodec;
  /** The pages that may use it, as browsers name them: scheme, host and port of the Temporal UI. */
  readonly origins: readonly string[];
  /** Whether a caller may, by its `Authorization` header; left out: everybody may who reaches it. */
  readonly mayUse?: ((authorization: string) => Promise<boolean>) | undefined;
  /** Told of what was not foreseen; the caller only learns that something went wrong. Default: nobody is */
  readonly onError?: (error: unknown) => void;
  /** Default: 127.0.0.1 */
  readonly host?: string;
  /** Default: a free one */
  readonly port?: number;
}

/** A codec server that listens. */
export interface CodecServer {
  readonly url: string;
  /** Lets the calls that are being answered end. */
  stop(): Promise<void>;
}

/**
 * Serves Temporal's remote codec protocol: `POST …/decode` and `POST …/encode` take payloads as JSON and answer with
 * them the other way round. `GET /health` says that it is up.
 *
 * @throws Error when it cannot listen
 */
export async function startCodecServer(options: CodecServerOptions): Promise<CodecServer> {
  const { host = '127.0.0.1', port = 0 } = options;
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      if (!(error instanceof Refusal)) options.onError?.(error);
      const { status, message } = error instanceof Refusal ? error : new Refusal(500, 'Something went wrong');
      if (!response.headersSent) response.writeHead(status, { connection: 'close' });
      response.end(message);
    });
  });
  server.listen(port, host);
  await once(server, 'listening');
  const { address, port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${bound}`,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      await closed;
    },
  };
}

class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { codec, origins, mayUse }: CodecServerOptions,
): Promise<void> {
  const { method, headers } = request;
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  response.setHeader('cache-control', 'no-store');
  if (method === 'GET' && pathname === '/health') return void response.end('ok');

  // Every page that posts has an origin, also one whose name was made to lead here.
  response.setHeader('vary', 'origin');
  if (headers.origin !== undefined) {
    if (!origins.includes(headers.origin))
      throw new Refusal(403, `Pages of ${headers.origin} may not use this server`);
    response.setHeader('access-control-allow-origin', headers.origin);
    response.setHeader('access-control-allow-credentials', 'true');
  }
  if (method === 'OPTIONS') {
    response.setHeader('access-control-allow-methods', 'POST');
    response.setHeader('access-control-allow-headers', 'content-type,authorization,x-namespace');
    if (headers['access-control-request-private-network'])
      response.setHeader('access-control-allow-private-network', 'true');
    return void response.writeHead(204).end();
  }

  const [, way] = /\/(decode|encode)$/.exec(pathname) ?? [];
  if (way !== 'decode' && way !== 'encode') throw new Refusal(404, 'There is only /decode and /encode');
  if (method !== 'POST') throw new Refusal(405, 'Only POST is answered');
  if (mayUse && !(await mayUse(headers.authorization ?? '')))
    throw new Refusal(401, 'A valid token in the Authorization header is needed');
  const payloads = payloadsIn(await textOf(request));
  const result = await convert(payloads, codec[way].bind(codec));
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(Payloads.toObject(Payloads.create({ payloads: result }), { bytes: String })));
}

async function convert(payloads: Payload[], by: PayloadCodec['decode']): Promise<Payload[]> {
  try {
    return await by(payloads);
  } catch (error) {
    if (isUnreadable(error)) throw new Refusal(400, error.message);
    throw error;
  }
}

function payloadsIn(text: string): Payload[] {
  try {
    return Payloads.fromObject(JSON.parse(text) as object).payloads;
  } catch {
    throw new Refusal(400, 'The body is not {"payloads": […]} with each data in base64');
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Refusal(413, `The body has more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
