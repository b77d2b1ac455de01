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

/** What the S3 front stands on. */
export interface S3ProxyOptions {
  readonly port: number;
  /** The URL of S3 itself. */
  readonly endpoint: string;
  /** Asked for when a call comes in: the files are presigned for the address that the front has by then. */
  readonly files: () => Files;
  readonly surroundings: ServerContext;
}

/**
 * Serves S3 as users of presigned URLs see it: a proxy that refuses what Amazon S3 refuses and SeaweedFS does not, and
 * streams everything else through. SeaweedFS checks signature, policy, expiry and size.
 */
export async function serveS3Proxy(parts: S3ProxyOptions): Promise<SandboxServer> {
  const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
  const { surroundings } = parts;
  const server = await serve(parts.port, (request, response) => {
    switch (request.method) {
      case 'POST':
        return handleCall('upload', request, response, surroundings, upload);
      case 'GET':
        return handleCall('results', request, response, surroundings, download);
      default:
        return handleCall('unknown', request, response, surroundings, async ({ response }) =>
          answerError(response, new S3Error(405, 'MethodNotAllowed', 'The specified method is not allowed.')),
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
    const seen = {
      at: new Date().toISOString(),
      fields: [] as S3Form['fields'],
      contentLength: 0,
      status: 0,
    };
    response.once('finish', () => {
      seen.status = response.statusCode;
    });
    try {
      if (request.headers['content-length'] === undefined)
        throw new S3Error(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
      seen.contentLength = Number(request.headers['content-length']);
      const form = await readFormUpToFile(request);
      seen.fields = form.fields;
      const file = parts.files().byKey(form.fields.find(([name]) => name === 'key')?.[1]);
      file?.uploads.push(seen);
      checkForm(form, file);
      await store(call, form, file);
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      Object.assign(seen, { code: error.code });
      answerError(response, error);
    }
    // What is left of a form that was refused half way; who still sends it reads the answer afterwards.
    await drain(request);
  }

  /** Sends the form on to S3, and S3's answer back, as far as a fault lets it. */
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

    const answer = takesEffect(fault) ? await sendOn(request, form, fault) : await drain(request);
    if (answer && answer.statusCode < 300 && file) file.storedAt = Date.now();

    if (!answer || 'cut' in fault || 'hang' in fault || 'status' in fault) {
      await answer?.body.dump();
      return answerByFault(response, fault);
    }
    const headers = kept(answer.headers);
    response.writeHead(answer.statusCode, 'etag' in fault ? { ...headers, etag: fault.etag } : headers);
    await pipeline(answer.body, response);
  }

  function sendOn(
    request: IncomingMessage,
    form: S3Form,
    fault: FaultAction,
  ): Promise<Dispatcher.ResponseData> {
    return send(`${parts.endpoint}${request.url}`, {
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
    if ('status' in fault || 'hang' in fault || 'cut' in fault || 'answer' in fault)
      return answerByFault(response, fault);
    // The signature covers the host that the caller sees.
    const { host = '', range } = request.headers;
    const answer = await send(`${parts.endpoint}${request.url}`, {
      headers: range === undefined ? { host } : { host, range },
      dispatcher,
    });
    response.writeHead(answer.statusCode, kept(answer.headers));
    await pipeline(answer.body, response);
  }
}

/** Whether the file is stored in spite of a fault. */
const takesEffect = (fault: FaultAction): boolean =>
  'status' in fault || 'hang' in fault ? fault.effect === true : !('answer' in fault);

/** The body of an upload on its way to S3; throws where the connection is to be cut. */
async function* bytesOf(request: IncomingMessage, form: S3Form, fault: FaultAction): AsyncGenerator<Buffer> {
  const cutAt = 'cut' in fault && typeof fault.cut === 'number' ? form.fileStart + fault.cut : undefined;
  let position = 0;
  const pass = (chunk: Buffer): Buffer => {
    const flip = 'corrupt' in fault ? form.fileStart - position : -1;
    position += chunk.length;
    if (cutAt !== undefined && position >= cutAt) throw new Error('cut on request');
    if (flip < 0 || flip >= chunk.length) return chunk;
    const changed = Buffer.from(chunk);
    changed.writeUInt8(changed.readUInt8(flip) ^ 1, flip);
    return changed;
  };
  yield pass(form.held);
  for await (const chunk of request.iterator({ destroyOnReturn: false })) yield pass(chunk);
}

/** Reads some bytes of a body and then no more. */
async function readUpTo(bytes: number, request: IncomingMessage): Promise<void> {
  let left = bytes;
  if (left <= 0) return;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    left -= chunk.length;
    if (left <= 0) return;
  }
}

/** Answers what a fault says, without asking S3. */
function answerByFault(response: ServerResponse, fault: FaultAction): Promise<void> | void {
  if ('hang' in fault) return untilClosed(response);
  if ('status' in fault) {
    const { status, headers } = fault;
    const body = fault.body ?? (status < 300 ? '' : defaultS3Error(status).xml);
    return sendBody(response, status, body, { 'content-type': 'application/xml', ...headers });
  }
  if ('answer' in fault) return sendBody(response, 200, PROXY_PAGE, { 'content-type': 'text/html' });
  response.destroy();
}

function answerError(response: ServerResponse, error: S3Error): void {
  sendBody(response, error.status, error.xml, { 'content-type': 'application/xml' });
}

const kept = (headers: IncomingHttpHeaders): IncomingHttpHeaders => {
  const { connection: _connection, 'keep-alive': _keepAlive, ...others } = headers;
  return others;
};
