import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, UploadError } from '../contract/errors.js';
import { networkErrorName } from '../http/network-error.js';
import { quote } from '../util/quote.js';
import type { OpenFile } from './open-file.js';
import { IDLE_TIMEOUT_MS, PacedReads, type ReadTimeouts } from './read-timeouts.js';

/** How errors name a remote file, and their codes. */
export interface RemoteErrors {
  /** The file as shown in messages, e.g. `the source "https://host/pk.csv"`. */
  readonly subject: string;
  /** Code if the server does not respond, stalls, or drops the connection. */
  readonly unreachable: ErrorCode;
  /** Code if the server sends more than it announced. */
  readonly unexpected: ErrorCode;
}

/** Returns how errors name a source. */
export const sourceErrors = (path: string): RemoteErrors => ({
  subject: `the source ${quote(path)}`,
  unreachable: 'SOURCE_UNREACHABLE',
  unexpected: 'SOURCE_ANSWER_UNEXPECTED',
});

/** One version of a file on a server. */
export interface RemoteObject {
  /** Location without secrets. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Version ID, if the bucket is versioned. */
  readonly versionId?: string | undefined;
  /** True if the server can send the rest of this version from any position. */
  readonly canResume: boolean;
  /**
   * Requests the bytes from a position to the end.
   *
   * @throws {@link UploadError} `FILE_CHANGED` if the server now has another version; `SOURCE_…`
   */
  read(position: number, timeouts: ReadTimeouts): Promise<AsyncIterable<Buffer>>;
  /** Drops the connection, if there is one. Never throws. */
  close(): void;
}

/** Delays in milliseconds before consecutive attempts to resume. */
const RESUME_DELAYS_MS = [100, 500, 1_000, 2_000, 4_000];
/** Bytes since the last interruption after which the attempts start over: 1 MiB. */
const PROGRESS_BYTES = 1024 * 1024;

/** Consecutive idle timeouts after which the step fails and is retried later, so that other files can be read in the meantime. */
const MAX_STALLS = 1;

/** A file on a server. Its reader resumes after interruptions, because a POST to S3 has to be sent in one go. */
export class RemoteFile implements OpenFile {
  readonly #object: RemoteObject;
  readonly #errors: RemoteErrors;
  readonly #resumeDelaysMs: readonly number[];

  /**
   * @param resumeDelaysMs delays in milliseconds before consecutive attempts to resume
   * @param errors default: those of a source
   */
  constructor(
    object: RemoteObject,
    resumeDelaysMs: readonly number[] = RESUME_DELAYS_MS,
    errors: RemoteErrors = sourceErrors(object.path),
  ) {
    this.#object = object;
    this.#errors = errors;
    this.#resumeDelaysMs = resumeDelaysMs;
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

  async *chunks(timeouts: ReadTimeouts = {}): AsyncGenerator<Buffer, void> {
    let position = 0;
    let resumedAt = 0;
    let interruptions = 0;
    let stalls = 0;
    let longest = 0;
    while (position < this.sizeBytes) {
      try {
        for await (const chunk of this.#bytesFrom(position, timeouts)) {
          position += chunk.length;
          yield chunk;
        }
      } catch (error) {
        if (position - resumedAt >= PROGRESS_BYTES) interruptions = stalls = longest = 0;
        else longest = Math.max(longest, position - resumedAt);
        if (isStalled(error) && ++stalls > MAX_STALLS) throw error;
        const delayMs = this.#resumeDelaysMs[interruptions++];
        if (!isRetryable(error) || !this.#object.canResume) throw error;
        if (delayMs === undefined) throw keepsDropping(error, interruptions, longest, this.#errors);
        resumedAt = position;
        await sleep(delayMs, undefined, timeouts.signal ? { signal: timeouts.signal } : {}).catch(() => {
          throw timeouts.signal?.reason;
        });
      }
    }
  }

  async close(): Promise<void> {
    this.#object.close();
  }

  async *#bytesFrom(start: number, timeouts: ReadTimeouts): AsyncGenerator<Buffer, void> {
    const { sizeBytes } = this.#object;
    const bytes = eachWithin(await this.#object.read(start, timeouts), this.#errors, timeouts);
    let position = start;
    for (;;) {
      const next = await bytes.next().catch((error: unknown) => {
        throw this.#interrupted(error, position, timeouts);
      });
      if (next.done) break;
      position += next.value.length;
      if (position > sizeBytes)
        throw new UploadError(
          this.#errors.unexpected,
          `The server of ${this.#errors.subject} sent more than the announced ${sizeBytes} bytes`,
        );
      yield next.value;
    }
    if (position < sizeBytes) throw this.#interrupted('the response ended early', position, timeouts);
  }

  #interrupted(cause: unknown, position: number, { signal }: ReadTimeouts): unknown {
    if (signal?.aborted) return signal.reason;
    if (cause instanceof UploadError) return cause;
    const { sizeBytes, canResume } = this.#object;
    return new UploadError(
      this.#errors.unreachable,
      `The connection to ${this.#errors.subject} dropped after ${position} of ${sizeBytes} bytes (${networkErrorName(cause)})${
        canResume ? '' : ', and its server sends nothing that identifies the version of the file'
      }`,
      { details: { bytesRead: position } },
    );
  }
}

/** Yields the chunks of an iterable, and throws {@link stalled} if the idle timeout passes without enough progress. */
export async function* eachWithin(
  bytes: AsyncIterable<Buffer>,
  errors: RemoteErrors,
  timeouts: ReadTimeouts,
): AsyncGenerator<Buffer, void> {
  const iterator = bytes[Symbol.asyncIterator]();
  const reads = new PacedReads(timeouts, (bytesRead) => stalled(errors, timeouts, bytesRead));
  for (;;) {
    const { done, value } = await reads.next(iterator.next(), (next) => next.value?.length ?? 0);
    if (done) return;
    yield value;
  }
}

/** Returns the error for a server that sends no data, or only a few bytes, within the idle timeout. */
export const stalled = (
  { subject, unreachable }: RemoteErrors,
  { idleTimeoutMs = IDLE_TIMEOUT_MS }: ReadTimeouts,
  bytes = 0,
): UploadError =>
  new UploadError(
    unreachable,
    `The server of ${subject} sent ${bytes > 0 ? `only ${bytes} bytes` : 'no data'} for ${idleTimeoutMs / 1000} s`,
    { details: { stalled: true } },
  );

/** Returns the error for connections that all ended before they made progress: each alone looks like bad luck, together they have a cause. */
function keepsDropping(
  last: unknown,
  connections: number,
  longest: number,
  { unreachable }: RemoteErrors,
): unknown {
  if (!(last instanceof UploadError) || last.code !== unreachable || isStalled(last)) return last;
  return new UploadError(
    unreachable,
    `${last.happened}. It was connection ${connections} in a row that ended before 1 MiB had arrived; the longest brought ${longest.toLocaleString('en')} bytes`,
    {
      cause: last,
      details: last.details,
      action:
        'Check what ends the connections: a limit of the server, or of a proxy or firewall between it and the worker.',
    },
  );
}

const isStalled = (error: unknown) => error instanceof UploadError && error.details?.stalled === true;

const isRetryable = (error: unknown) => error instanceof UploadError && error.retryable;
