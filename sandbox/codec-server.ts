import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';

const { Payloads } = proto.temporal.api.common.v1;

/** Decodes payloads for the Temporal UI. */
export interface CodecServer {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Serves Temporal's remote codec protocol at 127.0.0.1, to pages of any origin that this machine shows: the
 * UI's browser decodes with it what the server stores encrypted.
 */
export async function startCodecServer(codec: PayloadCodec): Promise<CodecServer> {
  const server = createServer(async (request, response) => {
    response.setHeader('access-control-allow-origin', request.headers.origin ?? '*');
    response.setHeader('access-control-allow-headers', 'content-type,x-namespace,authorization');
    if (request.method === 'OPTIONS') return response.writeHead(204).end();
    if (
      request.method !== 'POST' ||
      !new URL(request.url ?? '/', 'http://localhost').pathname.endsWith('/decode')
    )
      return response.writeHead(404).end();
    try {
      const { payloads } = Payloads.fromObject(JSON.parse(await textOf(request)));
      const decoded = Payloads.create({ payloads: await codec.decode(payloads) });
      response.setHeader('content-type', 'application/json');
      return response.end(JSON.stringify(Payloads.toObject(decoded, { bytes: String })));
    } catch (error) {
      return response.writeHead(400).end((error as Error).message);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
