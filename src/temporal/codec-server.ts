import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Payload, WorkflowSerializationContext } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { ListenAddress } from '../http/listen-address.js';
import { HttpError, startHttpServer } from '../http/server.js';
import { scanJson } from '../util/scan-json.js';
import type { EncryptionCodec } from './encryption-codec.js';
import { isUnreadable } from './unreadable.js';

const { Payloads } = proto.temporal.api.common.v1;

/** The Temporal UI sends one page of a history at a time, which is smaller. */
const MAX_BYTES = 8 * 1024 * 1024;
/** A payload has about eight values on three levels. */
const LIMITS = { depth: 8, values: 200_000 };

/** Settings of a codec server. */
export interface CodecServerOptions extends Partial<ListenAddress> {
  readonly codec: EncryptionCodec;
  /** Origins of the pages that may call the server: scheme, host and port of the Temporal UI. */
  readonly origins: readonly string[];
  /** Reports whether the sender of an `Authorization` header may call the server. Default: everyone may */
  readonly mayUse?: ((authorization: string) => Promise<boolean>) | undefined;
  /** Called with each unexpected error; the client only sees status 500. Default: ignored */
  readonly onError?: (error: unknown) => void;
  /** Default: 127.0.0.1 */
  readonly host?: string;
  /** Default: 0, which picks a free port */
  readonly port?: number;
}

/** A codec server that is listening. */
export interface CodecServer {
  readonly url: string;
  /** Stops listening after the requests in progress have finished. */
  stop(): Promise<void>;
}

/**
 * Serves Temporal's remote codec protocol: `POST …/decode` and `POST …/encode` take payloads as JSON and return the
 * converted payloads. To encrypt, the server has to know what the payloads are for, from the headers `X-Namespace` and
 * `X-Workflow-Id`. `GET /health` returns 200.
 *
 * @throws Error if it cannot listen
 */
export async function startCodecServer(options: CodecServerOptions): Promise<CodecServer> {
  const { host = '127.0.0.1', port = 0, onError } = options;
  const server = await startHttpServer({
    host,
    port,
    onError,
    handle: (request, response, path) => handle(request, response, path, options),
  });
  return { url: server.url, stop: () => server.close() };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  { codec, origins, mayUse }: CodecServerOptions,
): Promise<void> {
  const { method, headers } = request;
  response.setHeader('cache-control', 'no-store');
  if (method === 'GET' && path === '/health') return void response.end('ok');

  // Browsers send an origin with each POST, which also protects against DNS rebinding.
  response.setHeader('vary', 'origin');
  if (headers.origin !== undefined) {
    if (!origins.includes(headers.origin))
      throw new HttpError(403, `The origin ${headers.origin} may not use this server`);
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

  const [, operation] = /\/(decode|encode)$/.exec(path) ?? [];
  if (operation !== 'decode' && operation !== 'encode')
    throw new HttpError(404, 'Not found: use /decode or /encode');
  if (method !== 'POST') throw new HttpError(405, 'Method not allowed: use POST');
  if (mayUse && !(await mayUse(headers.authorization ?? '')))
    throw new HttpError(401, 'A valid token in the Authorization header is required');
  if (Number(headers['content-length'] ?? 0) > MAX_BYTES) throw tooLarge();
  const payloads = parsePayloads(await readBody(request));
  const result = await convert(() =>
    operation === 'decode' ? codec.decodeForDisplay(payloads) : codec.encode(payloads, contextIn(headers)),
  );
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(Payloads.toObject(Payloads.create({ payloads: result }), { bytes: String })));
}

/** Returns the workflow that payloads are for. No header names an activity: only workers write what belongs to one. */
function contextIn(headers: IncomingMessage['headers']): WorkflowSerializationContext {
  const { 'x-namespace': namespace, 'x-workflow-id': workflowId } = headers;
  if (typeof namespace !== 'string' || typeof workflowId !== 'string' || !namespace || !workflowId)
    throw new HttpError(
      400,
      'Payloads are encrypted for one workflow. Name it in the headers X-Namespace and X-Workflow-Id',
    );
  return { type: 'workflow', namespace: headerText(namespace), workflowId: headerText(workflowId) };
}

/** Node.js reads the bytes of headers as Latin-1. */
const headerText = (value: string) => Buffer.from(value, 'latin1').toString('utf8');

async function convert(operation: () => Promise<Payload[]>): Promise<Payload[]> {
  try {
    return await operation();
  } catch (error) {
    if (isUnreadable(error)) throw new HttpError(400, error.message);
    throw error;
  }
}

function parsePayloads(text: string): Payload[] {
  const { oversized } = scanJson(text, { ...LIMITS, isExact: false });
  if (oversized !== undefined) throw new HttpError(413, `The body ${oversized}`);
  try {
    return Payloads.fromObject(JSON.parse(text) as object).payloads;
  } catch {
    throw new HttpError(400, 'The body must be {"payloads": […]}, with `data` in base64');
  }
}

const tooLarge = () => new HttpError(413, `The body is larger than ${MAX_BYTES} bytes`);

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
