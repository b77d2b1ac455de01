import { availableParallelism } from 'node:os';
import { MIN_BUFFERS, Ring } from './ring.js';
import { type Algorithm, HashThread } from './thread.js';

/** Maximum number of threads. The thread that sends is busy with the chunks of as many. */
const MAX_THREADS = 4;
/** Shared memory for all rings: 64 MiB. Only what is used counts as memory of the process. */
const MEMORY_BYTES = 64 * 1024 * 1024;
/** Size of a buffer: large enough that waking threads up for each one costs little. */
const CHUNK_BYTES = 512 * 1024;
/** Buffers of one ring. A few megabytes keep the threads busy while the sending thread waits for its core. */
const MAX_RING_CHUNKS = 8;
/** Share of the free memory that a new ring gets at most, so that some is left for others. */
const RING_SHARE = 1 / 8;
/** Time without a hash after which the threads end, in milliseconds. */
const IDLE_MS = 10_000;
/** Cost of a byte, relative to the other algorithms. */
const COSTS: Readonly<Record<Algorithm, number>> = { md5: 2, sha256: 1 };

/** A thread, and the cost of the hashes that it currently calculates. */
interface Member {
  readonly thread: HashThread;
  cost: number;
}

/** A thread that is borrowed for one hash. */
export interface Lane {
  readonly algorithm: Algorithm;
  readonly thread: HashThread;
  giveBack(): void;
}

/** Threads that all files of the process share, and the memory through which they get the bytes. */
class HashThreads {
  readonly #maxThreads = Math.min(availableParallelism(), MAX_THREADS);
  readonly #members = new Set<Member>();
  #memory: SharedArrayBuffer | undefined;
  #freeChunks: number[] = [];
  #openRings = 0;
  /** False once a thread could not be started, for example because its file is not part of a bundle. */
  #canStart = true;
  #idle: NodeJS.Timeout | undefined;

  /** Returns buffers for one file; `undefined` if threads are of no use here, or other files use all the memory. */
  openRing(): Ring | undefined {
    if (this.#maxThreads < 2 || !this.#canStart) return undefined;
    this.#memory ??= this.#allocate();
    const memory = this.#memory;
    const share = Math.floor(this.#freeChunks.length * RING_SHARE);
    const size = Math.max(MIN_BUFFERS, Math.min(MAX_RING_CHUNKS, share));
    if (this.#freeChunks.length < size) return undefined;
    clearTimeout(this.#idle);
    this.#openRings++;
    // The lowest positions come first, so that little of the memory is ever used.
    const chunks = this.#freeChunks.splice(0, size);
    const buffers = chunks.map((chunk) => Buffer.from(memory, chunk * CHUNK_BYTES, CHUNK_BYTES));
    return new Ring(buffers, () => this.#free(chunks));
  }

  /** Borrows a thread for each algorithm: the ones that have the least to do. Requires an open ring. */
  lanes(algorithms: readonly Algorithm[]): Lane[] {
    return algorithms.map((algorithm) => {
      const member = this.#leastBusy();
      member.cost += COSTS[algorithm];
      return {
        algorithm,
        thread: member.thread,
        giveBack: () => {
          member.cost -= COSTS[algorithm];
        },
      };
    });
  }

  #leastBusy(): Member {
    const [least] = [...this.#members].sort((a, b) => a.cost - b.cost);
    if (least && (least.cost === 0 || this.#members.size >= this.#maxThreads)) return least;
    this.#memory ??= this.#allocate();
    const member: Member = { thread: new HashThread(this.#memory, () => this.#lost(member)), cost: 0 };
    this.#members.add(member);
    return member;
  }

  #lost(member: Member): void {
    if (this.#members.delete(member) && !member.thread.hasDone(1)) this.#canStart = false;
  }

  #allocate(): SharedArrayBuffer {
    this.#freeChunks = Array.from({ length: MEMORY_BYTES / CHUNK_BYTES }, (_, chunk) => chunk);
    return new SharedArrayBuffer(MEMORY_BYTES);
  }

  #free(chunks: readonly number[]): void {
    this.#freeChunks = [...this.#freeChunks, ...chunks].sort((a, b) => a - b);
    if (--this.#openRings === 0) this.#idle = setTimeout(() => this.#end(), IDLE_MS).unref();
  }

  #end(): void {
    for (const { thread } of this.#members) thread.end();
    this.#members.clear();
    this.#memory = undefined;
  }
}

/** The threads of this process. */
export const hashThreads = new HashThreads();
