import { setTimeout as sleep } from 'node:timers/promises';
import { UploadError } from '../contract/errors.js';
import { networkErrorName } from '../http/call.js';
import { quote } from '../util/quote.js';
import type { OpenFile } from './open-file.js';
import { IDLE_TIMEOUT_MS, type ReadTimeouts, waitFor } from './read-timeouts.js';

/** A file at a server, as it was when it was first asked for. */
export interface RemoteObject {
  /** Where it is, without anything secret. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Of an object in a bucket with versions. */
  readonly versionId?: string | undefined;
  /** Whether the server can give the rest of this very object after a part of it. */
  readonly canResume: boolean;
  /**
   * Asks for the bytes from a position to the end.
   *
   * @throws {@link UploadError} `FILE_CHANGED` when the object is no longer the same; `SOURCE_…`
   */
  read(position: number, patience: ReadTimeouts): Promise<AsyncIterable<Buffer>>;
  /** Cuts the connection, if there is one. Never throws. */
  close(): void;
}

/** How long to wait before the reading is taken up again, in milliseconds; after the last of them it is given up. */
const PAUSES_MS = [100, 500, 1_000, 2_000, 4_000];
/** So many bytes since the last cut, and a server counts as one that answers again: 1 MiB. */
const PROGRESS_BYTES = 1024 * 1024;

/** A file at a server, read as a stream, and taken up where it broke off: S3 takes a form in one go. */
export class RemoteFile implements OpenFile {
  readonly isOnDisk = false;
  readonly #object: RemoteObject;
  readonly #pausesMs: readonly number[];

  /**
   * @param object what is read
   * @param pausesMs before each attempt to go on in a row, in milliseconds
   */
  constructor(object: RemoteObject, pausesMs: readonly number[] = PAUSES_MS) {
    this.#object = object;
    this.#pausesMs = pausesMs;
  }

  get path(): string {
    return this.#object.path;
  }

  get sizeBytes(): number {
    return this.#object.sizeBytes;
  }

  get versionId(): string | undefined {
    return this.#object.versionId;
  }

  async *chunks(patience: ReadTimeouts = {}): AsyncGenerator<Buffer, void> {
    let position = 0;
    let takenUpAt = 0;
    let cuts = 0;
    while (position < this.sizeBytes) {
      try {
        for await (const chunk of this.#bytesFrom(position, patience)) {
          position += chunk.length;
          yield chunk;
        }
      } catch (error) {
        if (position - takenUpAt >= PROGRESS_BYTES) cuts = 0;
        const pauseMs = this.#pausesMs[cuts++];
        if (!mayPass(error) || !this.#object.canResume || pauseMs === undefined) throw error;
        takenUpAt = position;
        await sleep(pauseMs, undefined, patience.signal ? { signal: patience.signal } : {}).catch(() => {
          throw patience.signal?.reason;
        });
      }
    }
  }

  async close(): Promise<void> {
    this.#object.close();
  }

  async *#bytesFrom(start: number, patience: ReadTimeouts): AsyncGenerator<Buffer, void> {
    const { path, sizeBytes } = this.#object;
    const bytes = eachWithin(await this.#object.read(start, patience), path, patience);
    let position = start;
    for (;;) {
      const next = await bytes.next().catch((error: unknown) => {
        throw this.#brokeOff(error, position, patience);
      });
      if (next.done) break;
      position += next.value.length;
      if (position > sizeBytes)
        throw new UploadError(
          'SOURCE_ANSWER_UNEXPECTED',
          `The source ${quote(path)} gave more than the ${sizeBytes} bytes that its server had announced`,
        );
      yield next.value;
    }
    if (position < sizeBytes) throw this.#brokeOff(new Error('it ended'), position, patience);
  }

  #brokeOff(cause: unknown, position: number, { signal }: ReadTimeouts): unknown {
    if (signal?.aborted) return signal.reason;
    if (cause instanceof UploadError) return cause;
    const { path, sizeBytes, canResume } = this.#object;
    return new UploadError(
      'SOURCE_UNREACHABLE',
      `The source ${quote(path)} broke off after ${position} of ${sizeBytes} bytes (${networkErrorName(cause)})${
        canResume ? '' : ', and its server does not tell what the rest would belong to'
      }`,
      { details: { bytesRead: position } },
    );
  }
}

/** What an iterable gives, each within the idle limit. */
export async function* eachWithin(
  bytes: AsyncIterable<Buffer>,
  path: string,
  patience: ReadTimeouts,
): AsyncGenerator<Buffer, void> {
  const iterator = bytes[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await waitFor(iterator.next(), patience, () => stalled(path, patience));
    if (done) return;
    yield value;
  }
}

/** The error for a server that gives nothing. */
export const stalled = (path: string, { idleTimeoutMs = IDLE_TIMEOUT_MS }: ReadTimeouts): UploadError =>
  new UploadError(
    'SOURCE_UNREACHABLE',
    `The source ${quote(path)} gave no byte for ${idleTimeoutMs / 1000} s`,
  );

const mayPass = (error: unknown) => error instanceof UploadError && error.retryable;
