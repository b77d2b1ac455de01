import { setImmediate } from 'node:timers/promises';

/**
 * Lets the event loop read from the socket before the next write. A server that refuses an upload early sends a response
 * and closes the connection. The next write would fail, and the response would be lost. The first `setImmediate` ends this
 * iteration of the event loop; the sockets are read before the second one fires.
 */
export async function receiveEarlyResponse(): Promise<void> {
  await setImmediate();
  await setImmediate();
}
