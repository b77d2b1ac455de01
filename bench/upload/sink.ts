/** A server that reads requests to their end, discards them, and responds with 204. Runs in a process of its own. */
import { type AddressInfo, createServer } from 'node:net';

const server = createServer((socket) => {
  let head = '';
  let missing = 0;
  socket.on('data', (chunk) => {
    missing -= chunk.length;
    if (missing <= 0 && !head.includes('\r\n\r\n')) {
      head += chunk.toString('latin1');
      const headEnd = head.indexOf('\r\n\r\n') + 4;
      if (headEnd < 4) return;
      if (/^expect: 100-continue/im.test(head)) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      missing = Number(/content-length: (\d+)/i.exec(head)?.[1]) + headEnd - head.length;
    }
    if (missing > 0) return;
    head = '';
    socket.write('HTTP/1.1 204 No Content\r\n\r\n');
  });
  socket.on('error', () => {});
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
