import { createHmac } from 'node:crypto';
import { webhookKey } from '../http/webhook-key.js';
import type { Secret } from '../util/secret.js';

/** What is signed of a webhook. */
export interface SignedParts {
  readonly id: string;
  /** Time of the attempt in seconds since 1970. */
  readonly timestamp: number;
  readonly body: string;
}

/**
 * Returns the headers of Standard Webhooks: ID, timestamp, and a signature `v1` for each secret, so that a receiver accepts the old
 * and the new one while they are exchanged.
 */
export function webhookHeaders(
  { id, timestamp, body }: SignedParts,
  secrets: readonly Secret[],
): Record<string, string> {
  const signatures = secrets.map((secret) => {
    const key = webhookKey(secret.reveal()) ?? Buffer.alloc(0);
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  };
}
