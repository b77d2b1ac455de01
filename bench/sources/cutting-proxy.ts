import { type AddressInfo, connect, createServer } from 'node:net';

/** A server in front of another, that cuts connections. */
export interface CuttingProxy {
  readonly url: string;
  /** How many connections were cut so far. */
  readonly cuts: number;
  /** The parts of files that were asked for, as far as it can be read. */
  readonly ranges: readonly string[];
  stop(): void;
}

/**
 * Passes connections on to a server at this machine as they are, so that signatures stay good, and cuts them.
 *
 * @param target URL of the server
 * @param cutsAfter how many bytes one connection gives before it is cut, for the first cut, the second…
 * @param spared how many connections come first that are not cut; default: none
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
