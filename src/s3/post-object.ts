import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { type Dispatcher, request } from 'undici';
import { UploadError } from '../contract/errors.js';
import type { PresignedPost, UploadEvidence } from '../contract/steps.js';
import { type Checksums, RunningChecksums } from '../files/checksums.js';
import { assertSha256, type OpenFile } from '../files/source.js';
import { isLoopback } from '../http/address.js';
import { networkErrorName } from '../http/call.js';
import type { HostList } from '../http/host-list.js';
import { quote } from '../util/quote.js';
import { unquoteEtag } from './etag.js';
import { IdleWatch } from './idle-watch.js';
import { multipart } from './multipart.js';
import { refusalError, requestIdOf } from './refusal.js';

/** How a file is posted. */
export interface PostOptions {
  /** The file's name in the form. S3 puts it where the key says `${filename}`. */
  readonly fileName: string;
  /** How long no byte may move, of the file, the form or the answer, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** Ends the upload at once: the connection is cut, so that S3 stores nothing. */
  readonly signal: AbortSignal;
  /** Told how many bytes of the file have been handed to the network so far. */
  readonly onProgress: (bytesSent: number) => void;
  /**
   * Whose connections are used. It must check certificates and neither retry nor follow redirects, as undici's
   * `Agent` does by default.
   */
  readonly dispatcher: Dispatcher;
  /** What the SHA-256 of the bytes sent has to be, in lower-case hex; otherwise they are not sent to their end. */
  readonly expectSha256?: string | undefined;
  /** Where files may be posted to, besides Amazon S3 and this machine. Default: nowhere else. */
  readonly hosts?: HostList;
}

const EXPIRY_MARGIN_MS = 30_000;
const MAX_RESPONSE_BYTES = 64 * 1024;

/**
 * Posts a file to S3 by a presigned POST, once, as a stream: of the file no more is in memory than a few
 * hundred KiB. The length is announced beforehand, so S3 stores all of it or nothing: a file that changes, a
 * cut and a cancellation leave no object behind (source: Amazon S3, "POST Object").
 *
 * @returns what was observed. Any 2xx is returned: whether it is the right one is judged elsewhere
 * @throws {@link UploadError} `S3_…` by S3's answer, or without one `S3_UNREACHABLE` and `S3_STALLED`; `S3_EXPIRED`
 * without a byte sent if the presigned POST has less than 30 s left
 * @throws {@link UploadError} `FILE_CHANGED`, `FILE_NOT_AS_EXPECTED`, `FILE_READ_FAILED`, `FILE_READ_STALLED`:
 * nothing was stored; where the file comes from a server, also what its reading throws
 * @throws {@link UploadError} `S3_HOST_REFUSED` without a byte sent
 * @throws the signal's reason when aborted
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

function assertUsable({ url, expiresAt }: PresignedPost, { fileName, hosts }: PostOptions): void {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new UploadError('S3_REFUSED', `The presigned POST for ${quote(fileName)} has no http or https URL`);
  assertIsS3(new URL(url), hosts, fileName);
  if (Date.parse(expiresAt) - EXPIRY_MARGIN_MS <= Date.now())
    throw new UploadError(
      'S3_EXPIRED',
      `The presigned POST for ${quote(fileName)} is good until ${expiresAt} only`,
    );
}

/** Endpoints of Amazon S3: by region or not, dual-stack, accelerated or in a VPC, the bucket in the name or in the path. */
const AMAZON_S3 =
  /(^|\.)s3(-accelerate|-fips|-[a-z]{2}(-[a-z]+)+-\d)?(\.dualstack)?(\.[a-z]{2}(-[a-z]+)+-\d)?(\.vpce)?\.amazonaws\.com(\.cn)?$/;

/** The file is clinical data: it goes to S3, or where the worker's settings say, and encrypted unless it stays here. */
function assertIsS3(url: URL, hosts: HostList | undefined, fileName: string): void {
  if (isLoopback(url)) return;
  const isKnown = AMAZON_S3.test(url.hostname) || hosts?.has(url);
  if (isKnown && url.protocol === 'https:') return;
  throw new UploadError(
    'S3_HOST_REFUSED',
    `The presigned POST for ${quote(fileName)} leads to ${url.protocol}//${url.host}, which is ${isKnown ? 'not encrypted' : 'no host of Amazon S3'}`,
  );
}

class Upload {
  readonly #post: PresignedPost;
  readonly #file: OpenFile;
  readonly #options: PostOptions;
  readonly #host: string;
  readonly #name: string;
  readonly #watch: IdleWatch;
  #bytesSent = 0;
  /** Of the whole file, once all of it has been read. */
  #sums: Checksums | undefined;

  constructor(post: PresignedPost, file: OpenFile, options: PostOptions) {
    this.#post = post;
    this.#file = file;
    this.#options = options;
    this.#host = new URL(post.url).host;
    this.#name = quote(options.fileName);
    this.#watch = new IdleWatch(options.idleTimeoutMs, options.signal, () => this.#stalled());
  }

  async run(): Promise<UploadEvidence> {
    const startedAt = performance.now();
    try {
      const { statusCode: status, headers, body } = await this.#send();
      const text = await this.#readStart(body);
      this.#options.signal.throwIfAborted();
      if (status < 200 || status > 299) throw refusalError({ status, headers, text }, this.#post, this.#name);
      const seconds = (performance.now() - startedAt) / 1000;
      const sizeBytes = this.#file.sizeBytes;
      return { status, ...this.#sumsOfAllSent(status), sizeBytes, seconds, ...evidenceIn(headers) };
    } catch (error) {
      this.#options.signal.throwIfAborted();
      throw error instanceof UploadError ? error : this.#unreachable(error);
    } finally {
      this.#watch.end();
    }
  }

  #send(): Promise<Dispatcher.ResponseData> {
    const { signal } = this.#watch;
    const { head, tail, headers } = multipart(
      this.#post.fields,
      this.#options.fileName,
      this.#file.sizeBytes,
    );
    const answer = request(this.#post.url, {
      method: 'POST',
      headers,
      body: asStream(this.#bytes(head, tail)),
      dispatcher: this.#options.dispatcher,
      signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    // While it waits for a connection, undici does not look at the signal.
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      answer.then(resolve, reject);
    });
  }

  async *#bytes(head: Buffer, tail: Buffer): AsyncGenerator<Buffer> {
    const { idleTimeoutMs, expectSha256, onProgress } = this.#options;
    const sums = new RunningChecksums();
    let bytesRead = 0;
    yield head;
    this.#watch.pause();
    for await (const chunk of this.#file.chunks({ idleTimeoutMs, signal: this.#watch.signal })) {
      this.#watch.moved();
      sums.update(chunk);
      bytesRead += chunk.length;
      if (bytesRead === this.#file.sizeBytes) {
        this.#sums = sums.finish();
        if (expectSha256 !== undefined) assertSha256(this.#file, this.#sums.sha256, expectSha256);
      }
      await answersLetIn();
      yield chunk;
      this.#bytesSent = bytesRead;
      onProgress(bytesRead);
      this.#watch.pause();
    }
    this.#watch.moved();
    await answersLetIn();
    yield tail;
    this.#watch.moved();
  }

  /** Reads as much of an answer as its meaning needs. One that breaks off or stalls has its status at least. */
  async #readStart(body: AsyncIterable<Buffer>): Promise<string> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of body) {
        this.#watch.moved();
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes >= MAX_RESPONSE_BYTES) break;
      }
    } catch {
      // The status is known; the words are lost.
    }
    return Buffer.concat(chunks).subarray(0, MAX_RESPONSE_BYTES).toString('utf8');
  }

  #sumsOfAllSent(status: number): Checksums {
    if (this.#sums && this.#bytesSent === this.#file.sizeBytes) return this.#sums;
    throw new UploadError(
      'S3_UNAVAILABLE',
      `${this.#host} answered ${status} to the upload of ${this.#name} before all of it was there, after ${this.#progress()}`,
      { details: { status, host: this.#host, bytesSent: this.#bytesSent } },
    );
  }

  #stalled(): UploadError {
    const seconds = `${this.#options.idleTimeoutMs / 1000} s`;
    return new UploadError(
      'S3_STALLED',
      this.#bytesSent === this.#file.sizeBytes
        ? `${this.#host} did not answer within ${seconds} after all ${this.#bytesSent} bytes of ${this.#name}`
        : `No byte of ${this.#name} moved to ${this.#host} for ${seconds}, after ${this.#progress()}`,
      { details: { host: this.#host, bytesSent: this.#bytesSent } },
    );
  }

  // Without the cause: undici's errors may quote the answer, and the answer the fields.
  #unreachable(error: unknown): UploadError {
    const reason = networkErrorName(error);
    return new UploadError(
      'S3_UNREACHABLE',
      `The upload of ${this.#name} to ${this.#host} broke off (${reason}) after ${this.#progress()}`,
      { details: { host: this.#host, reason, bytesSent: this.#bytesSent } },
    );
  }

  #progress(): string {
    return `${this.#bytesSent} of ${this.#file.sizeBytes} bytes`;
  }
}

// undici takes any async iterable for a body, and asks it for more when the socket has taken all it got. Its
// types only know streams, which would read further ahead.
const asStream = (bytes: AsyncIterable<Buffer>) => bytes as unknown as Readable;

/**
 * Has the sockets read before the next write. A server that refuses an upload half way answers and closes its
 * connection. To write to it then fails, and the answer, though received, would be lost. The first turn ends
 * this round of the event loop, in the second the sockets are read.
 */
async function answersLetIn(): Promise<void> {
  await setImmediate();
  await setImmediate();
}

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
