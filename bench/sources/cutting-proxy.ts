import { type AddressInfo, connect, createServer } from 'node:net';

/** A proxy that drops connections. */
export interface CuttingProxy {
  readonly url: string;
  /** Number of dropped connections. */
  readonly cuts: number;
  /** Range headers of the requests that were not encrypted. */
  readonly ranges: readonly string[];
  stop(): void;
}

/**
 * Forwards connections to a local server unchanged, so that signatures stay valid, and drops them.
 *
 * @param target URL of the server
 * @param cutsAfter for each drop in turn, the number of bytes that a connection transfers first
 * @param spared number of initial connections that are not dropped. Default: 0
 */
export async function cuttingProxy(
  target: string,
  cutsAfter: readonly number[],
  spared = 0,
): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target);
  let cuts = 0;
  const ranges: string[] = [];
  let connections = 0;
  const server = createServer((client) => {
    const isSpared = connections++ < spared;
    let passed = 0;
    const upstream = connect(Number(port), hostname);
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    client.on('data', (bytes) => ranges.push(...(/^range: .*$/im.exec(bytes.toString('latin1')) ?? [])));
    client.pipe(upstream);
    client.on('error', end).on('close', end);
    upstream.on('error', end).on('close', end);
    upstream.on('data', (bytes) => {
      const limit = cutsAfter[cuts];
      passed += bytes.length;
      if (!isSpared && limit !== undefined && passed >= limit) {
        cuts++;
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
    ranges,
    stop: () => void server.close(),
  };
}
