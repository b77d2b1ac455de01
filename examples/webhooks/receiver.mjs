import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

const key = Buffer.from(String(process.env.WEBHOOK_SECRET).replace('whsec_', ''), 'base64');
const seen = new Set();
const server = createServer(async (request, response) => {
  const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signatures } = request.headers;
  const body = await text(request).catch(() => ''); // the connection was dropped
  const digest = createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64');
  const expected = Buffer.from(`v1,${digest}`);
  const sent = Array.from(String(signatures).split(' '), (each) => Buffer.from(each));
  const isGenuine = sent.some((each) => each.length === expected.length && timingSafeEqual(each, expected));
  const isRecent = Math.abs(Date.now() / 1000 - Number(time)) < 300;
  response.writeHead(isGenuine && isRecent ? 204 : 401).end();
  if (!isGenuine || !isRecent || seen.has(id)) return;
  seen.add(id);
  console.log(JSON.stringify(JSON.parse(body)));
});
server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1');
