import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CHUNK_BYTES } from '../../src/files/chunk-buffers.js';
import { LEAST_BYTES_FOR_THREADS } from '../../src/files/hasher/open-hasher.js';
import { Ring } from '../../src/files/hasher/ring.js';
import { type Algorithm, HashThread } from '../../src/files/hasher/thread.js';
import { ThreadedHasher } from '../../src/files/hasher/threaded-hasher.js';
import { InlineHasher, openHasher } from '../../src/files/hasher.js';
import { hashFile } from '../../src/files/source.js';
import { openFile } from '../support/posting.js';
import { distinctBytes } from '../support/temporary-folder.js';

const LARGE = { sizeBytes: LEAST_BYTES_FOR_THREADS };
const sum = (algorithm: string, bytes: Uint8Array) => createHash(algorithm).update(bytes).digest('hex');
const sums = (bytes: Uint8Array) => ({ md5: sum('md5', bytes), sha256: sum('sha256', bytes) });
const nothing = async () => {};

function openThreaded() {
  const hasher = openHasher(LARGE, ['md5', 'sha256']);
  onTestFinished(() => hasher.close());
  return hasher;
}

describe('openHasher', () => {
  it('uses threads for large files only', () => {
    expect(openThreaded()).toBeInstanceOf(ThreadedHasher);
    expect(openHasher({ sizeBytes: LEAST_BYTES_FOR_THREADS - 1 }, ['md5'])).toBeInstanceOf(InlineHasher);
  });

  it('reads a file that threads do not hash into the same few buffers', async () => {
    const { buffers } = openHasher({ sizeBytes: LEAST_BYTES_FOR_THREADS - 1 }, ['md5']);
    const used = new Set<Buffer>();
    for (let chunk = 0; chunk < 10; chunk++) await buffers?.fill(async (buffer) => used.add(buffer));
    expect(used.size).toBe(3);
  });

  it('needs no buffers for a file of one chunk', () => {
    expect(openHasher({ sizeBytes: CHUNK_BYTES }, ['md5']).buffers).toBeUndefined();
  });

  it('calculates the checksums of any chunks', async () => {
    const content = randomBytes(3_000_000);
    const cuts = fc.uniqueArray(fc.nat(content.length), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(cuts, fc.constantFrom(LARGE, { sizeBytes: 1 }), async (positions, file) => {
        const hasher = openHasher(file, ['md5', 'sha256']);
        let start = 0;
        for (const end of [...positions.toSorted((a, b) => a - b), content.length]) {
          await hasher.update(content.subarray(start, end));
          start = end;
        }
        expect(await hasher.digest()).toEqual(sums(content));
        hasher.close();
      }),
      { numRuns: 20 },
    );
  });

  it('calculates the checksums of more files at a time than there is memory for', async () => {
    const hashers = Array.from({ length: 100 }, openThreaded);
    const digests = hashers.map(async (hasher, index) => {
      for (let chunk = 0; chunk < 10; chunk++) await hasher.update(Buffer.from(`${index}.${chunk} `));
      return hasher.digest();
    });

    expect(await Promise.all(digests)).toEqual(
      hashers.map((_, index) =>
        sums(Buffer.from(Array.from({ length: 10 }, (_, chunk) => `${index}.${chunk} `).join(''))),
      ),
    );
    expect(hashers.some((hasher) => hasher instanceof InlineHasher)).toBe(true);
  });

  it('keeps files apart from one that is abandoned', async () => {
    const abandoned = openThreaded();
    await abandoned.update(distinctBytes(1_000_000));
    abandoned.close();
    const content = randomBytes(1_000_000);
    const next = openThreaded();
    await next.update(content);

    expect(await next.digest()).toEqual(sums(content));
  });
});

describe('a thread that ends', () => {
  it('fails the hashes in progress, and is replaced for the next ones', async () => {
    const threads = startedThreads();
    const hasher = openThreaded();
    await hasher.update(distinctBytes(3_000_000));
    await Promise.all(threads().map((thread) => thread.until(1)));
    const waiting = Promise.allSettled(threads().map((thread) => thread.until(Number.POSITIVE_INFINITY)));
    for (const thread of threads()) thread.end();

    const failure = {
      code: 'INTERNAL',
      message: expect.stringContaining('A thread that calculates checksums ended'),
    };
    for (const result of await waiting) expect(result).toMatchObject({ status: 'rejected', reason: failure });
    await expect(hasher.digest()).rejects.toMatchObject(failure);
    await expect((async () => hasher.update(distinctBytes(3_000_000)))()).rejects.toMatchObject({
      code: 'INTERNAL',
    });
    const next = openThreaded();
    await next.update(Buffer.from('abc'));
    expect(await next.digest()).toEqual(sums(Buffer.from('abc')));
  });

  it('does not fail hashFile, which reads the file again', async () => {
    const content = distinctBytes(2 * LEAST_BYTES_FOR_THREADS);
    const file = await openFile(content);
    const threads = startedThreads();
    const sizes: number[] = [];
    const onBytes = (bytes: number) => {
      sizes.push(bytes);
      if (sizes.length === 20) for (const thread of threads()) thread.end();
    };

    expect(await hashFile(file, { onBytes })).toEqual({
      sha256: sum('sha256', content),
      sizeBytes: content.length,
    });
    expect(sizes.toSorted((a, b) => a - b)).not.toEqual(sizes); // it started over
  });

  it('because of an error reports it', async () => {
    const ended = vi.fn();
    const thread = new HashThread(new SharedArrayBuffer(8), ended);

    const command = thread.update(thread.open(), 'unknown' as Algorithm, 0, 8);

    await expect(thread.until(command)).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('ended (Error: '),
    });
    await expect.poll(() => ended).toHaveBeenCalledOnce();
  });
});

describe('a thread', () => {
  it('continues after more commands than fit into its queue', async () => {
    const memory = new SharedArrayBuffer(4);
    const thread = new HashThread(memory, () => {});
    onTestFinished(() => thread.end());
    const id = thread.open();
    const hash = createHash('md5');

    for (let command = 0; command < 10_000; command++) {
      await thread.until(command - 100);
      expect(thread.update(id, 'md5', command % 4, 1)).toBe(command + 1);
      hash.update(Buffer.alloc(1));
    }

    expect(await thread.digest(id, 'md5')).toBe(hash.digest('hex'));
  });

  it('rejects a command if its queue is full', async () => {
    const thread = new HashThread(new SharedArrayBuffer(50_000_000), () => {});
    onTestFinished(() => thread.end());
    const id = thread.open();

    expect(() => {
      for (let command = 0; command < 10_000; command++) thread.update(id, 'md5', 0, 50_000_000);
    }).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });
});

describe('Ring', () => {
  const buffers = () => Array.from({ length: 3 }, () => Buffer.from(new SharedArrayBuffer(8)));

  it('fills its buffers in turn, each one again once its content was hashed', async () => {
    const all = buffers();
    const ring = new Ring(all, () => {});
    const filled: unknown[] = [];
    const fill = () =>
      ring.fill(async (buffer) => {
        filled.push(buffer);
        return buffer;
      });
    const hashed = pending<void>();
    ring.keepUntil(await fill(), () => hashed.promise);
    await fill();
    await fill();

    const again = fill();
    await nothing();
    expect(filled).toEqual(all);
    hashed.resolve();

    expect(await again).toBe(all[0]);
  });

  it('is free once it is closed and the last read into it has ended', async () => {
    const onFree = vi.fn();
    const ring = new Ring(buffers(), onFree);
    const read = pending<number>();
    const filling = ring.fill(() => read.promise);
    await nothing();

    ring.close();
    expect(onFree).not.toHaveBeenCalled();
    await expect(ring.fill(nothing)).rejects.toThrow('closed');
    expect(onFree).not.toHaveBeenCalled();
    read.resolve(8);
    await filling;

    expect(onFree).toHaveBeenCalledOnce();
    ring.close();
    expect(onFree).toHaveBeenCalledOnce();
  });
});

/** Returns the threads that are used from now on. */
function startedThreads(): () => readonly HashThread[] {
  const opening = vi.spyOn(HashThread.prototype, 'open');
  onTestFinished(() => opening.mockRestore());
  return () => opening.mock.contexts as HashThread[];
}

function pending<Value>() {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((onResolve) => {
    resolve = onResolve;
  });
  return { promise, resolve };
}
