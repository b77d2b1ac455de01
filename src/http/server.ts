import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { printable } from '../util/printable.js';
import type { ListenAddress } from './listen-address.js';

/** Handles one request. `path` is the path of its URL, without the query. */
export type RequestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
) => void | Promise<void>;

/** Settings of an HTTP server. */
export interface HttpServerOptions extends ListenAddress {
  readonly handle: RequestHandler;
  /** Called with each error that is not an {@link HttpError}; the client only sees status 500. Default: ignored */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** True if the process keeps running only because of this server. Default: true */
  readonly keepsProcessAlive?: boolean;
}

/** An HTTP server that is listening. */
export interface HttpServer {
  readonly url: string;
  /** Stops listening after the requests in progress have finished. */
  close(): Promise<void>;
  /** Stops listening at once and drops all connections. */
  destroy(): Promise<void>;
}

/** Ends a request with a status; the message is sent to the client. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** A browser shows the message as it is, even if it looks like HTML. */
const PLAIN_TEXT = {
  connection: 'close',
  'content-type': 'text/plain; charset=utf-8',
  'x-content-type-options': 'nosniff',
};

const REQUEST_TIMEOUT_MS = 30_000;

/**
 * Starts a small HTTP server.
 *
 * @throws Error if it cannot listen
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { host, port, handle, onError, keepsProcessAlive = true } = options;
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, async (request, response) => {
    response.once('close', () => server.listening || server.closeIdleConnections());
    try {
      await handle(request, response, pathOf(request));
    } catch (error) {
      if (!(error instanceof HttpError)) onError?.(error);
      const { status, message } =
        error instanceof HttpError ? error : new HttpError(500, 'Internal server error');
      if (!response.headersSent) response.writeHead(status, PLAIN_TEXT);
      response.end(printable(message));
    }
  });
  if (!keepsProcessAlive) server.unref();
  server.listen(port, host);
  await once(server, 'listening');
  const closing = async (dropConnections: () => void) => {
    const closed = once(server, 'close');
    server.close();
    dropConnections();
    await closed;
  };
  return {
    url: urlOf(server.address() as AddressInfo),
    close: () => closing(() => server.closeIdleConnections()),
    destroy: () => closing(() => server.closeAllConnections()),
  };
}

/** Clients may send anything as a URL, for example `//`, which `URL` cannot parse. */
function pathOf({ url = '/' }: IncomingMessage): string {
  if (!URL.canParse(url, 'http://localhost')) throw new HttpError(400, 'Invalid URL');
  return new URL(url, 'http://localhost').pathname;
}

const urlOf = ({ address, port }: AddressInfo) =>
  `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
