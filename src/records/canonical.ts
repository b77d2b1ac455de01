import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/**
 * Returns a value as canonical JSON (RFC 8785) in UTF-8, so that equal values have equal bytes.
 *
 * @throws Error if the value has no JSON, such as a number that is not finite
 */
export const canonicalBytes = (value: unknown): Buffer => Buffer.from(canonicalize(value) ?? '');

/** Returns the SHA-256 of a value's canonical JSON (RFC 8785), in hex. */
export const sha256OfJson = (value: unknown): string =>
  createHash('sha256').update(canonicalBytes(value)).digest('hex');
