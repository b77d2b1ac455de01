import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

// Below the range out of which systems give ports to outgoing connections (32768 and up on Linux, 49152 on macOS), so
// that a server which was killed finds its ports still free when it is started again.
const LOWEST = 15_000;
const HIGHEST = 32_000;

/**
 * Finds TCP ports of 127.0.0.1 that nobody listens on. All are held open until the last is found, so no two are equal.
 *
 * @param count how many
 */
export async function freePorts(count: number): Promise<number[]> {
  const held: Server[] = [];
  const ports: number[] = [];
  try {
    while (ports.length < count) {
      const port = randomInt(LOWEST, HIGHEST);
      const server = await listen(port);
      if (!server) continue;
      held.push(server);
      ports.push(port);
    }
    return ports;
  } finally {
    await Promise.all(held.map((server) => new Promise((closed) => server.close(closed))));
  }
}

async function listen(port: number): Promise<Server | undefined> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  } catch {
    return undefined;
  }
}
