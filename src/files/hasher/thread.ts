import { Worker } from 'node:worker_threads';
import { UploadError } from '../../contract/errors.js';

/** Supported algorithms. Commands contain their position. */
const ALGORITHMS = ['md5', 'sha256'] as const;

/** A supported hash algorithm, by its name in `node:crypto`. */
export type Algorithm = (typeof ALGORITHMS)[number];

/** Positions in the queue of a thread, in words of 32 bits, and what commands consist of. */
const LAYOUT = {
  algorithms: ALGORITHMS,
  /** Number of commands that were queued so far, modulo 2³². */
  queued: 0,
  /** Number of commands that are done, modulo 2³². */
  done: 1,
  /** 1 if the thread must send a message after the command that it executes. */
  awaited: 2,
  commands: 3,
  /** Maximum number of commands in the queue: a power of two, so that positions stay continuous when the counters overflow. */
  capacity: 4096,
  /** Words in a command: ID of the hash, algorithm, offset in the shared memory, length. */
  commandWords: 4,
  /** Length that requests the digest. */
  digest: -1,
  /** Length that drops the hash. */
  drop: -2,
} as const;

/** Data that a thread gets at its start. */
export interface ThreadData {
  readonly memory: SharedArrayBuffer;
  readonly queue: SharedArrayBuffer;
  readonly layout: typeof LAYOUT;
}

/** Message from a thread: a digest, or only that commands are done. */
interface ThreadMessage {
  readonly id?: number;
  readonly digest?: string;
}

interface Waiter {
  readonly isDone: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A heap for a few small objects: the bytes are in shared memory. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 };

/**
 * A thread that calculates checksums of bytes in shared memory. Commands go through a queue in shared memory, which costs
 * less than a message for each chunk. The thread executes them in order.
 */
export class HashThread {
  readonly #worker: Worker;
  readonly #words = new Int32Array(
    new SharedArrayBuffer(4 * (LAYOUT.commands + LAYOUT.capacity * LAYOUT.commandWords)),
  );
  readonly #waiters = new Set<Waiter>();
  readonly #digests = new Map<number, string>();
  #queued = 0;
  #done = 0;
  #lastId = 0;
  #failure: UploadError | undefined;

  /**
   * @param memory memory with the bytes to hash
   * @param onEnd called when the thread has ended, for any reason
   */
  constructor(memory: SharedArrayBuffer, onEnd: () => void) {
    const data: ThreadData = { memory, queue: this.#words.buffer as SharedArrayBuffer, layout: LAYOUT };
    this.#worker = new Worker(new URL('./thread-entry.mjs', import.meta.url), {
      workerData: data,
      execArgv: [],
      env: {},
      resourceLimits: RESOURCE_LIMITS,
    });
    this.#worker.on('message', (message: ThreadMessage) => this.#receive(message));
    this.#worker.on('error', (error) => this.#fail(String(error)));
    this.#worker.on('exit', (code) => {
      this.#fail(`exit code ${code}`);
      onEnd();
    });
    this.#worker.unref();
  }

  /** Starts a hash, and returns its ID. */
  open(): number {
    this.#lastId = (this.#lastId + 1) | 0;
    return this.#lastId;
  }

  /**
   * Queues bytes for a hash. They must not change until {@link hasDone} is true.
   *
   * @returns number of the command, for {@link hasDone} and {@link until}
   * @throws {@link UploadError} `INTERNAL` if the thread has ended
   */
  update(id: number, algorithm: Algorithm, offset: number, length: number): number {
    return this.#queue(id, algorithm, offset, length);
  }

  /**
   * Returns the digest of a hash in lower-case hex, and ends it.
   *
   * @throws {@link UploadError} `INTERNAL` if the thread has ended, or ends meanwhile
   */
  async digest(id: number, algorithm: Algorithm): Promise<string> {
    this.#queue(id, algorithm, 0, LAYOUT.digest);
    await this.#wait(() => this.#digests.has(id));
    const digest = this.#digests.get(id) ?? '';
    this.#digests.delete(id);
    return digest;
  }

  /** Ends a hash without a digest. Never throws. */
  drop(id: number, algorithm: Algorithm): void {
    try {
      this.#queue(id, algorithm, 0, LAYOUT.drop);
    } catch {
      // The thread has ended, and the hash with it.
    }
  }

  /** Returns true if a command is done. */
  hasDone(command: number): boolean {
    const done = Atomics.load(this.#words, LAYOUT.done);
    this.#done += (done - (this.#done | 0)) | 0;
    return this.#done >= command;
  }

  /**
   * Waits until a command is done.
   *
   * @throws {@link UploadError} `INTERNAL` if the thread has ended, or ends meanwhile
   */
  async until(command: number): Promise<void> {
    if (!this.hasDone(command)) await this.#wait(() => this.hasDone(command));
  }

  /** Ends the thread. */
  end(): void {
    void this.#worker.terminate();
  }

  #queue(id: number, algorithm: Algorithm, offset: number, length: number): number {
    if (this.#failure) throw this.#failure;
    if (!this.hasDone(this.#queued - LAYOUT.capacity + 1))
      throw new UploadError('INTERNAL', 'The queue of a thread that calculates checksums is full');
    const at = LAYOUT.commands + (this.#queued % LAYOUT.capacity) * LAYOUT.commandWords;
    this.#words.set([id, ALGORITHMS.indexOf(algorithm), offset, length], at);
    this.#queued++;
    Atomics.store(this.#words, LAYOUT.queued, this.#queued | 0);
    Atomics.notify(this.#words, LAYOUT.queued);
    return this.#queued;
  }

  #wait(isDone: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#waiters.add({ isDone, resolve, reject });
      this.#worker.ref();
      this.#wake();
    });
  }

  #receive({ id, digest }: ThreadMessage): void {
    if (id !== undefined && digest !== undefined) this.#digests.set(id, digest);
    this.#wake();
  }

  /** Resolves the waiters whose commands are done, and requests a message for the others. */
  #wake(): void {
    // The request comes first: the thread either sees it, or was done before the waiters look.
    Atomics.store(this.#words, LAYOUT.awaited, this.#waiters.size > 0 ? 1 : 0);
    for (const waiter of this.#waiters) {
      if (!waiter.isDone()) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
    if (this.#waiters.size === 0) this.#worker.unref();
  }

  #fail(reason: string): void {
    this.#failure ??= new UploadError('INTERNAL', `A thread that calculates checksums ended (${reason})`);
    for (const waiter of this.#waiters) waiter.reject(this.#failure);
    this.#waiters.clear();
  }
}
