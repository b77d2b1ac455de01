import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createSocketServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** Starts an HTTP server that is stopped after the test, and returns its URL. */
export async function httpServer(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  return `http://${await listening(server)}/`;
}

/**
 * Starts an HTTPS server that is stopped after the test. It responds to each request with 204 once it has read the body, and
 * counts the requests.
 */
export async function tlsServer(identity: {
  readonly key: string | Buffer;
  readonly cert: string | Buffer;
}): Promise<{ url: string; requestCount: () => number }> {
  let requests = 0;
  const server = createHttpsServer({ key: identity.key, cert: identity.cert }, async (request, response) => {
    requests++;
    await bodyOf(request);
    response.writeHead(204).end();
  });
  onTestFinished(() => server.closeAllConnections());
  return { url: `https://${await listening(server)}/`, requestCount: () => requests };
}

/** Starts a TCP server that is stopped after the test, and returns its URL. */
export async function socketServer(
  onConnection: (socket: Socket) => void,
  options: { pauseOnConnect?: boolean } = {},
): Promise<string> {
  const server = createSocketServer(options, (socket) => {
    socket.on('error', () => {}); // the client may drop the connection
    onTestFinished(() => void socket.destroy());
    onConnection(socket);
  });
  return `http://${await listening(server)}/`;
}

/** Returns a URL where no server is listening. */
export async function urlOfNobody(): Promise<string> {
  const server = createSocketServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}/`;
}

/** Lets a server listen until the test ends, and returns its host and port. */
export async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Reads the body of a request. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Creates a raw HTTP response. */
export const rawAnswer = (statusLine: string, body = '') =>
  `HTTP/1.1 ${statusLine}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;

/** Creates the XML of an S3 error. */
export const errorXml = (code: string, message: string, more = '') =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>${more}<RequestId>4442587FB7D0A2F9</RequestId><HostId>zzz</HostId></Error>`;
