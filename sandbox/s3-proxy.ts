import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Agent, type Dispatcher, request as send } from 'undici';
import { type FaultAction, NO_ACTION } from './faults.js';
import type { FileRecord, Files } from './files.js';
import {
  drain,
  handleCall,
  type OpenCall,
  PROXY_PAGE,
  type SandboxServer,
  type ServerContext,
  sendBody,
  serve,
  untilClosed,
} from './http.js';
import { checkForm } from './s3-checks.js';
import { defaultS3Error, S3Error } from './s3-error.js';
import { readFormUpToFile, type S3Form } from './s3-form.js';

/** Options of the S3 proxy. */
export interface S3ProxyOptions {
  readonly port: number;
  /** URL of the S3 server. */
  readonly endpoint: string;
  /** Returns the file records. They are created later, because they need the address of the proxy. */
  readonly files: () => Files;
  readonly context: ServerContext;
}

/**
 * Serves presigned URLs: refuses requests that Amazon S3 refuses and SeaweedFS accepts, and streams all others to SeaweedFS,
 * which checks signature, policy, expiry and size.
 */
export async function serveS3Proxy(options: S3ProxyOptions): Promise<SandboxServer> {
  const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
  const { context } = options;
  const server = await serve(options.port, (request, response) => {
    switch (request.method) {
      case 'POST':
        return handleCall('upload', request, response, context, upload);
      case 'GET':
        return handleCall('results', request, response, context, download);
      default:
        return handleCall('unknown', request, response, context, async ({ response }) =>
          respondWithError(
            response,
            new S3Error(405, 'MethodNotAllowed', 'The specified method is not allowed.'),
          ),
        );
    }
  });
  return {
    url: server.url,
    async stop() {
      await server.stop();
      await dispatcher.destroy();
    },
  };

  async function upload(call: OpenCall): Promise<void> {
    const { request, response } = call;
    const recorded = {
      at: new Date().toISOString(),
      fields: [] as S3Form['fields'],
      contentLength: 0,
      status: 0,
    };
    response.once('finish', () => {
      recorded.status = response.statusCode;
    });
    try {
      if (request.headers['content-length'] === undefined)
        throw new S3Error(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
      recorded.contentLength = Number(request.headers['content-length']);
      const form = await readFormUpToFile(request);
      recorded.fields = form.fields;
      const file = options.files().byKey(form.fields.find(([name]) => name === 'key')?.[1] ?? '');
      file?.uploads.push(recorded);
      checkForm(form, file);
      await store(call, form, file);
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      Object.assign(recorded, { code: error.code });
      respondWithError(response, error);
    }
    // A client that is still sending reads the response only after it has sent the rest.
    await drain(request);
  }

  /** Forwards the form to S3 and the response to the client, as far as the fault permits. */
  async function store(call: OpenCall, form: S3Form, file: FileRecord | undefined): Promise<void> {
    const { request, response } = call;
    const fault: FaultAction = call.triggered?.fault ?? NO_ACTION;
    if ('expire' in fault)
      throw fault.expire === 'token'
        ? new S3Error(400, 'ExpiredToken', 'The provided token has expired.')
        : new S3Error(403, 'AccessDenied', 'Invalid according to Policy: Policy expired.');

    if ('hang' in fault && typeof fault.hang === 'number') {
      await readUpTo(form.fileStart + fault.hang - form.held.length, request);
      return untilClosed(response);
    }

    const forwarded = takesEffect(fault) ? await forward(request, form, fault) : await drain(request);
    if (forwarded && forwarded.statusCode < 300 && file) file.storedAt = Date.now();

    if (!forwarded || 'cut' in fault || 'hang' in fault || 'status' in fault) {
      await forwarded?.body.dump();
      return respondWithFault(response, fault);
    }
    const headers = withoutConnection(forwarded.headers);
    response.writeHead(forwarded.statusCode, 'etag' in fault ? { ...headers, etag: fault.etag } : headers);
    await pipeline(forwarded.body, response);
  }

  function forward(
    request: IncomingMessage,
    form: S3Form,
    fault: FaultAction,
  ): Promise<Dispatcher.ResponseData> {
    return send(`${options.endpoint}${request.url}`, {
      method: 'POST',
      headers: {
        'content-type': request.headers['content-type'] ?? '',
        'content-length': request.headers['content-length'] ?? '',
      },
      body: Readable.from(bytesOf(request, form, fault), { objectMode: false }),
      dispatcher,
    });
  }

  async function download({ request, response, triggered }: OpenCall): Promise<void> {
    const fault: FaultAction = triggered?.fault ?? NO_ACTION;
    if ('expire' in fault)
      return respondWithError(response, new S3Error(403, 'AccessDenied', 'Request has expired'));
    const isStored = !('response' in fault) || fault.response === 'truncated';
    if (
      'status' in fault ||
      'hang' in fault ||
      !isStored ||
      ('cut' in fault && typeof fault.cut !== 'number')
    )
      return respondWithFault(response, fault);
    // The signature covers the host that the caller sees.
    const { host = '', range, 'if-match': match } = request.headers;
    const forwarded = await send(`${options.endpoint}${request.url}`, {
      headers: {
        host,
        ...(range === undefined ? {} : { range }),
        ...(match === undefined ? {} : { 'if-match': match }),
      },
      dispatcher,
    });
    const headers = withoutConnection(forwarded.headers);
    const half = Math.ceil(Number(headers['content-length']) / 2);
    response.writeHead(
      forwarded.statusCode,
      'response' in fault ? { ...headers, etag: '"half"', 'content-length': half } : headers,
    );
    await pipeline(Readable.from(resultsBytes(forwarded.body, fault, half), { objectMode: false }), response);
  }
}

/** Yields the bytes of results as far as the fault permits. Throws where it closes the connection. */
async function* resultsBytes(
  body: AsyncIterable<Buffer>,
  fault: FaultAction,
  half: number,
): AsyncGenerator<Buffer> {
  const limit =
    'cut' in fault && typeof fault.cut === 'number'
      ? fault.cut
      : 'response' in fault
        ? half
        : Number.POSITIVE_INFINITY;
  let position = 0;
  for await (const chunk of body) {
    const bytes = chunk.subarray(0, Math.max(0, limit - position));
    yield 'corrupt' in fault ? withChangedByte(bytes, 0 - position) : bytes;
    position += chunk.length;
    if (position < limit) continue;
    if ('cut' in fault) throw new Error('connection closed by a fault');
    return;
  }
}

/** Reports whether the file is stored despite a fault. */
const takesEffect = (fault: FaultAction): boolean =>
  'status' in fault || 'hang' in fault ? fault.effect === true : !('response' in fault);

/** Yields the body of an upload. Throws where a fault closes the connection. */
async function* bytesOf(request: IncomingMessage, form: S3Form, fault: FaultAction): AsyncGenerator<Buffer> {
  const cutAt = 'cut' in fault && typeof fault.cut === 'number' ? form.fileStart + fault.cut : undefined;
  let position = 0;
  const pass = (chunk: Buffer): Buffer => {
    const first = form.fileStart - position;
    position += chunk.length;
    if (cutAt !== undefined && position >= cutAt) throw new Error('connection closed by a fault');
    return 'corrupt' in fault ? withChangedByte(chunk, first) : chunk;
  };
  yield pass(form.held);
  for await (const chunk of request.iterator({ destroyOnReturn: false })) yield pass(chunk);
}

/** Returns a chunk with another byte at this position; the chunk itself if the position is outside of it. */
function withChangedByte(chunk: Buffer, at: number): Buffer {
  if (at < 0 || at >= chunk.length) return chunk;
  const changed = Buffer.from(chunk);
  changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
  return changed;
}

/** Reads this number of bytes of a body, and then stops. */
async function readUpTo(bytes: number, request: IncomingMessage): Promise<void> {
  let left = bytes;
  if (left <= 0) return;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    left -= chunk.length;
    if (left <= 0) return;
  }
}

/** Responds as a fault demands, without S3. */
function respondWithFault(response: ServerResponse, fault: FaultAction): Promise<void> | void {
  if ('hang' in fault) return untilClosed(response);
  if ('status' in fault) {
    const { status, headers } = fault;
    const body = fault.body ?? (status < 300 ? '' : defaultS3Error(status).xml);
    return sendBody(response, status, body, { 'content-type': 'application/xml', ...headers });
  }
  if ('response' in fault) return sendBody(response, 200, PROXY_PAGE, { 'content-type': 'text/html' });
  response.destroy();
}

function respondWithError(response: ServerResponse, error: S3Error): void {
  sendBody(response, error.status, error.xml, { 'content-type': 'application/xml' });
}

const withoutConnection = (headers: IncomingHttpHeaders): IncomingHttpHeaders => {
  const { connection: _connection, 'keep-alive': _keepAlive, ...others } = headers;
  return others;
};
