import { createHash } from 'node:crypto';

/** Returns the SHA-256 of a content in hex. */
export const sha256Of = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex');

/** Returns the first 12 hex digits of the SHA-256 of a text: enough to tell names apart. */
export const shortHashOf = (text: string): string => sha256Of(text).slice(0, 12);
