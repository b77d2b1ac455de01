// @ts-check
/**
 * Entry point of a thread that calculates checksums. It is JavaScript, so that it runs unchanged from `src` and from `dist`.
 * `thread.ts` writes the commands.
 */
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';

/** @type {import('./thread.js').ThreadData} */
const { memory, queue, layout } = workerData;
const bytes = new Uint8Array(memory);
const words = new Int32Array(queue);
/** @type {Map<number, import('node:crypto').Hash>} */
const hashes = new Map();

for (let done = 0; ; done = (done + 1) | 0) {
  while (Atomics.load(words, layout.queued) === done) Atomics.wait(words, layout.queued, done);
  const at = layout.commands + ((done >>> 0) % layout.capacity) * layout.commandWords;
  const [id = 0, algorithm = 0, offset = 0, length = 0] = words.subarray(at, at + layout.commandWords);
  if (length === layout.drop) {
    hashes.delete(id);
  } else if (length === layout.digest) {
    parentPort?.postMessage({ id, digest: hashOf(id, algorithm).digest('hex') });
    hashes.delete(id);
  } else {
    hashOf(id, algorithm).update(bytes.subarray(offset, offset + length));
  }
  Atomics.store(words, layout.done, (done + 1) | 0);
  if (Atomics.exchange(words, layout.awaited, 0) === 1) parentPort?.postMessage({});
}

/**
 * @param {number} id
 * @param {number} algorithm
 */
function hashOf(id, algorithm) {
  const hash = hashes.get(id) ?? createHash(layout.algorithms[algorithm] ?? '');
  hashes.set(id, hash);
  return hash;
}
