import { canonicalBytes } from './canonical.js';
import { envelopeSchema } from './envelope.js';

/**
 * Reports whether two records state the same. Their signatures may differ: the key may have been replaced between two attempts to
 * write the record.
 */
export const isSameRecord = (one: Buffer, other: Buffer): boolean =>
  one.equals(other) || stated(one).equals(stated(other));

/** Returns what a record states as canonical JSON. Bytes that are no record are returned as they are. */
function stated(record: Buffer): Buffer {
  try {
    const value: unknown = JSON.parse(record.toString('utf8'));
    const envelope = envelopeSchema.safeParse(value).data;
    if (!envelope) return canonicalBytes(value);
    const statement = JSON.parse(Buffer.from(envelope.payload, 'base64').toString('utf8')) as {
      predicate: unknown;
    };
    return canonicalBytes(statement.predicate);
  } catch {
    return record;
  }
}
