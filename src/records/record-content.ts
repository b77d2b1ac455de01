import { z } from 'zod';
import type { Ending } from '../contract/ending.js';
import type { Receipt } from '../contract/receipt.js';
import { envelopeSchema } from './envelope.js';

const execution = z.looseObject({
  label: z.string(),
  executionId: z.string(),
  status: z.string(),
  origin: z.enum(['started', 'found']),
});
const run = z.looseObject({
  workflowId: z.string(),
  runId: z.string(),
  batches: z.array(z.string()),
  executions: z.array(execution),
});
const schema = z.union([
  run.extend({ endingVersion: z.literal(1), state: z.enum(['failed', 'cancelled']), endedAt: z.string() }),
  run.extend({
    receiptVersion: z.literal(1),
    fileName: z.string(),
    steps: z.array(z.looseObject({ step: z.string(), startedAt: z.string(), finishedAt: z.string() })),
  }),
]);

/**
 * Returns the receipt, or the other ending, that a record has, without verifying the record.
 *
 * @returns `undefined` if it is something else
 */
export function contentOfRecord(bytes: Uint8Array): Receipt | Ending | undefined {
  const value = parsed(bytes);
  const envelope = envelopeSchema.safeParse(value).data;
  const content = envelope
    ? (parsed(Buffer.from(envelope.payload, 'base64')) as { predicate?: unknown } | undefined)?.predicate
    : value;
  return schema.safeParse(content).success ? (content as Receipt | Ending) : undefined;
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
