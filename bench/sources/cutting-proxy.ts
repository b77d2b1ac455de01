import { type AddressInfo, connect, createServer as createSocketServer } from 'node:net';

/** A server in front of another, that cuts connections. */
export interface CuttingProxy {
  readonly url: string;
  /** How many connections were cut so far. */
  readonly cuts: number;
  stop(): void;
}

/**
 * Passes connections on to a server at this machine as they are, so that signatures stay good, and cuts them.
 *
 * @param target URL of the server
 * @param cutsAfter how many bytes of answers are let through before the first cut, between the first and the second…
 */
export async function cuttingProxy(target: string, cutsAfter: readonly number[]): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target);
  let cuts = 0;
  let passed = 0;
  const server = createSocketServer((client) => {
    const upstream = connect(Number(port), hostname);
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    client.pipe(upstream);
    client.on('error', end).on('close', end);
    upstream.on('error', end).on('close', end);
    upstream.on('data', (bytes) => {
      const limit = cutsAfter[cuts];
      passed += bytes.length;
      if (limit !== undefined && passed >= limit) {
        cuts++;
        passed = 0;
        return end();
      }
      if (!client.write(bytes)) {
        upstream.pause();
        client.once('drain', () => upstream.resume());
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get cuts() {
      return cuts;
    },
    stop: () => void server.close(),
  };
}
