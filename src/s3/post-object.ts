import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { type Dispatcher, request } from 'undici';
import { UploadError } from '../contract/errors.js';
import type { PresignedPost, UploadEvidence } from '../contract/steps.js';
import { type Checksums, type Hasher, openHasher } from '../files/hasher.js';
import { assertSha256, type OpenFile } from '../files/source.js';
import { networkErrorName } from '../http/network-error.js';
import { readStart } from '../http/read-start.js';
import { quote } from '../util/quote.js';
import { receiveEarlyResponse } from './early-response.js';
import { unquoteEtag } from './etag.js';
import { assertS3Target, type S3Targets } from './hosts.js';
import { IdleTimeout } from './idle-timeout.js';
import { multipart } from './multipart.js';
import { PieceSize } from './piece-size.js';
import { refusalError, requestIdOf } from './refusal.js';

/** Options of {@link postObject}. */
export interface PostOptions extends S3Targets {
  /** Name of the file in the form. S3 inserts it for `${filename}` in the key. */
  readonly fileName: string;
  /** Time without enough progress in reading, sending or receiving, in milliseconds, after which the upload fails. */
  readonly idleTimeoutMs: number;
  /** Stops the upload at once by dropping the connection, so S3 stores nothing. */
  readonly signal: AbortSignal;
  /** Called with the number of bytes of the file that were handed to the network so far. */
  readonly onProgress: (bytesSent: number) => void;
  /** Must check certificates and neither retry nor follow redirects, like undici's `Agent` by default. */
  readonly dispatcher: Dispatcher;
  /** Expected SHA-256 of the file in lower-case hex. If it differs, the last bytes are not sent. Default: not checked */
  readonly expectSha256?: string | undefined;
}

const MAX_EXPIRY_MARGIN_MS = 30_000;
const MAX_RESPONSE_BYTES = 64 * 1024;
/**
 * Least size of a piece that undici passes to the network completely before it requests the next one. Node.js accepts a
 * smaller one although earlier pieces may still wait.
 */
export const LEAST_AWAITED_BYTES = 64 * 1024;

/**
 * Uploads a file to S3 with a presigned POST, without retries. The file is streamed, with a few MiB in memory.
 * The request announces its length, so S3 stores the whole file or nothing: it stores no object if the file changes, the
 * connection drops or the upload is cancelled (source: Amazon S3, "POST Object").
 *
 * @returns evidence of the upload, for any 2xx status. The caller checks the status
 * @throws {@link UploadError} `S3_…` for S3's response; `S3_UNREACHABLE` or `S3_STALLED` without a response
 * @throws {@link UploadError} `S3_EXPIRED` with the detail `notSent` if the presigned POST is about to expire, and
 * `S3_HOST_REFUSED` or `S3_BUCKET_REFUSED`. Nothing was sent
 * @throws {@link UploadError} `FILE_CHANGED`, `FILE_NOT_AS_EXPECTED`, `FILE_READ_FAILED`, `FILE_READ_STALLED`, or `SOURCE_…`
 * for a file on a server. Nothing was stored
 * @throws the signal's reason if aborted
 */
export async function postObject(
  post: PresignedPost,
  file: OpenFile,
  options: PostOptions,
): Promise<UploadEvidence> {
  options.signal.throwIfAborted();
  assertUsable(post, options);
  return new Upload(post, file, options).run();
}

function assertUsable(post: PresignedPost, options: PostOptions): void {
  const { fileName } = options;
  const { url, expiresAt } = post;
  assertS3Target(url, options, fileName);
  if (Date.now() >= Date.parse(expiresAt) - marginMs(post))
    throw new UploadError(
      'S3_EXPIRED',
      `The presigned POST for ${quote(fileName)} expires at ${expiresAt}, too soon to send it`,
      { details: { notSent: true } },
    );
}

/** Returns how long before its expiry a presigned POST is no longer sent: 30 s, or a third of a short life. */
const marginMs = ({ requestedAt, expiresAt }: PresignedPost): number =>
  requestedAt === undefined
    ? MAX_EXPIRY_MARGIN_MS
    : Math.min(MAX_EXPIRY_MARGIN_MS, (Date.parse(expiresAt) - Date.parse(requestedAt)) / 3);

class Upload {
  readonly #post: PresignedPost;
  readonly #file: OpenFile;
  readonly #options: PostOptions;
  readonly #host: string;
  readonly #name: string;
  readonly #idleTimeout: IdleTimeout;
  readonly #pieceSize = new PieceSize();
  #bytesSent = 0;
  /** Checksums of the file, once all of it has been read. */
  #checksums: Checksums | undefined;

  constructor(post: PresignedPost, file: OpenFile, options: PostOptions) {
    this.#post = post;
    this.#file = file;
    this.#options = options;
    this.#host = new URL(post.url).host;
    this.#name = quote(options.fileName);
    this.#idleTimeout = new IdleTimeout(options.idleTimeoutMs, options.signal, (bytes) =>
      this.#stalled(bytes),
    );
  }

  async run(): Promise<UploadEvidence> {
    const startedAt = performance.now();
    try {
      const { statusCode: status, headers, body } = await this.#send();
      this.#idleTimeout.restart();
      const text = await readStart(body, MAX_RESPONSE_BYTES); // within the idle timeout
      this.#options.signal.throwIfAborted();
      if (status < 200 || status > 299) throw refusalError({ status, headers, text }, this.#post, this.#name);
      const seconds = (performance.now() - startedAt) / 1000;
      const sizeBytes = this.#file.sizeBytes;
      return { status, ...this.#checksumsOfSentFile(status), sizeBytes, seconds, ...evidenceIn(headers) };
    } catch (error) {
      this.#options.signal.throwIfAborted();
      throw error instanceof UploadError ? error : this.#unreachable(error);
    } finally {
      this.#idleTimeout.end();
    }
  }

  #send(): Promise<Dispatcher.ResponseData> {
    const { signal } = this.#idleTimeout;
    const { head, tail, headers } = multipart(
      this.#post.fields,
      this.#options.fileName,
      this.#file.sizeBytes,
    );
    const response = request(this.#post.url, {
      method: 'POST',
      headers,
      body: asStream(this.#bytes(head, tail)),
      dispatcher: this.#options.dispatcher,
      signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    // undici ignores the signal while it waits for a connection.
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      response.then(resolve, reject);
    });
  }

  async *#bytes(head: Buffer, tail: Buffer): AsyncGenerator<Buffer> {
    const { idleTimeoutMs } = this.#options;
    const { signal } = this.#idleTimeout;
    const hasher = openHasher(this.#file, ['md5', 'sha256']);
    try {
      yield head;
      this.#idleTimeout.restart();
      this.#idleTimeout.pause();
      let bytesRead = 0;
      for await (const chunk of this.#file.chunks({ idleTimeoutMs, signal, buffers: hasher.buffers })) {
        await hasher.update(chunk);
        bytesRead += chunk.length;
        if (bytesRead === this.#file.sizeBytes) await this.#digest(hasher);
        yield* this.#pieces(chunk);
      }
    } finally {
      hasher.close();
    }
    this.#idleTimeout.restart();
    await receiveEarlyResponse();
    yield tail;
    this.#idleTimeout.restart();
  }

  async #digest(hasher: Hasher<keyof Checksums>): Promise<void> {
    const checksums = await hasher.digest();
    const { expectSha256 } = this.#options;
    if (expectSha256 !== undefined) assertSha256(this.#file, checksums.sha256, expectSha256);
    this.#checksums = checksums;
  }

  /** Sends a chunk in pieces, so that a slow connection makes progress in time. */
  async *#pieces(chunk: Buffer): AsyncGenerator<Buffer> {
    for (let start = 0; start < chunk.length; ) {
      const piece = chunk.subarray(start, start + this.#pieceSize.bytes);
      start += piece.length;
      this.#idleTimeout.resume();
      await receiveEarlyResponse();
      const startedAt = performance.now();
      // The chunk may be overwritten once the next one is requested, so the network must not need it any more by then.
      yield piece.length < LEAST_AWAITED_BYTES ? Buffer.from(piece) : piece;
      this.#idleTimeout.pause(piece.length);
      this.#idleTimeout.signal.throwIfAborted();
      this.#pieceSize.adapt(performance.now() - startedAt);
      this.#bytesSent += piece.length;
      this.#options.onProgress(this.#bytesSent);
    }
  }

  #checksumsOfSentFile(status: number): Checksums {
    if (this.#checksums && this.#bytesSent === this.#file.sizeBytes) return this.#checksums;
    throw new UploadError(
      'S3_UNAVAILABLE',
      `${this.#host} returned ${status} for the upload of ${this.#name} before it was complete, after ${this.#progress()}`,
      { details: { status, host: this.#host, bytesSent: this.#bytesSent } },
    );
  }

  #stalled(bytes: number): UploadError {
    const seconds = `${this.#options.idleTimeoutMs / 1000} s`;
    return new UploadError(
      'S3_STALLED',
      this.#bytesSent === this.#file.sizeBytes
        ? `${this.#host} did not respond within ${seconds} after all ${this.#bytesSent} bytes of ${this.#name} were sent`
        : `${this.#host} received ${bytes > 0 ? `only ${bytes} bytes` : 'no data'} of ${this.#name} for ${seconds}, after ${this.#progress()}`,
      { details: { host: this.#host, bytesSent: this.#bytesSent } },
    );
  }

  // The error has no cause, because undici's errors may quote the response, and the response the secret fields.
  #unreachable(error: unknown): UploadError {
    const reason = networkErrorName(error);
    return new UploadError(
      'S3_UNREACHABLE',
      `The upload of ${this.#name} to ${this.#host} was interrupted (${reason}) after ${this.#progress()}`,
      { details: { host: this.#host, reason, bytesSent: this.#bytesSent } },
    );
  }

  #progress(): string {
    return `${this.#bytesSent} of ${this.#file.sizeBytes} bytes`;
  }
}

// undici accepts any async iterable as a body, and requests a chunk only after the socket has accepted the previous one. Its
// types only allow streams, which would read further ahead.
const asStream = (bytes: AsyncIterable<Buffer>) => bytes as unknown as Readable;

function evidenceIn(
  headers: IncomingHttpHeaders,
): Pick<UploadEvidence, 'etag' | 'requestId' | 'serverSideEncryption'> {
  const { etag, 'x-amz-server-side-encryption': encryption } = headers;
  const requestId = requestIdOf(headers);
  return {
    ...(etag === undefined ? {} : { etag: unquoteEtag(etag) }),
    ...(typeof encryption === 'string' ? { serverSideEncryption: encryption } : {}),
    ...(requestId === undefined ? {} : { requestId }),
  };
}
