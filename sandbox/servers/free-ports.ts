import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

// Below the range of ports for outgoing connections (32768 and up on Linux, 49152 on macOS), so that the ports of a killed
// server are still free when it is restarted.
const LOWEST = 15_000;
const HIGHEST = 32_000;

/**
 * Finds unused TCP ports on 127.0.0.1. All are held open until the last is found, so no two are equal.
 *
 * @param count number of ports
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
