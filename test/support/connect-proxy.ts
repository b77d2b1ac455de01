import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** An HTTP proxy for CONNECT requests. */
export interface ConnectProxy {
  readonly url: string;
  /** The CONNECT requests in order: host and port, and the credentials. */
  readonly requests: readonly { readonly authority: string; readonly credentials?: string | undefined }[];
  stop(): Promise<void>;
}

/**
 * Starts a proxy on 127.0.0.1.
 *
 * @param hosts the address to connect to for each host, as `127.0.0.1:PORT`; the proxy refuses other hosts with 403
 */
export async function startConnectProxy(hosts: ReadonlyMap<string, string>): Promise<ConnectProxy> {
  const requests: { authority: string; credentials?: string | undefined }[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on('connect', ({ url: authority = '', headers }, client: Socket) => {
    requests.push({ authority, credentials: headers['proxy-authorization'] });
    const [host, port] = hosts.get(authority)?.split(':') ?? [];
    client.on('error', () => {});
    sockets.add(client);
    if (!host) return client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    sockets.add(upstream);
    upstream.on('error', () => client.destroy());
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
