import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';

/** Secret of webhooks in tests. */
export const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** A webhook that arrived, verified by the reference implementation of Standard Webhooks. */
export interface ReceivedWebhook {
  readonly id: string;
  readonly path: string;
  readonly event: {
    readonly type: string;
    readonly timestamp: string;
    readonly data: Record<string, unknown>;
  };
}

/** Response of a receiver: a status, with headers, or none at all. */
export type Reaction =
  | { readonly status: number; readonly headers?: Record<string, string> }
  | 'hang'
  | 'drop';

/** Starts a receiver of webhooks on this machine. */
export async function startReceiver() {
  const received: ReceivedWebhook[] = [];
  const reactions: (Reaction | Promise<Reaction>)[] = [];
  let attempts = 0;
  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      attempts += 1;
      const reaction = (await reactions.shift()) ?? { status: 204 };
      if (reaction === 'hang') return;
      if (reaction === 'drop') return void request.socket.destroy();
      if (reaction.status <= 299) received.push(verified(request, body));
      response.writeHead(reaction.status, reaction.headers).end();
    })();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    /** Reactions to the next webhooks. After them, the receiver accepts all. */
    reactions,
    attempts: () => attempts,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function verified({ headers, url = '' }: IncomingMessage, body: string): ReceivedWebhook {
  const event = new Webhook(WEBHOOK_SECRET).verify(body, headers as Record<string, string>);
  return { id: String(headers['webhook-id']), path: url, event: event as ReceivedWebhook['event'] };
}
