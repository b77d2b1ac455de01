export type { Checksums, Hasher } from './hasher/hasher.js';
export { InlineHasher } from './hasher/inline-hasher.js';
export { openHasher } from './hasher/open-hasher.js';
