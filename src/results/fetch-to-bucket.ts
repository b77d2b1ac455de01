import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { UploadError } from '../contract/errors.js';
import { MAX_FILE_BYTES } from '../contract/names.js';
import type { ResultsPackage } from '../contract/results.js';
import { IDLE_TIMEOUT_MS } from '../files/read-timeouts.js';
import { s3Reason, statusOf } from '../files/s3-errors.js';
import type { S3Access } from '../files/s3-source.js';
import { openUnlinkedFile } from '../files/unlinked-file.js';
import { IdleTimeout } from '../s3/idle-timeout.js';
import { quote } from '../util/quote.js';
import type { Destination } from './destination.js';
import { type DownloadedBytes, download } from './download.js';
import { inspectPackage } from './inspect.js';
import { PackageObject } from './package-object.js';
import type { FetchOptions, PackageRequest } from './package-request.js';
import { asUnwritable, exists, unwritable } from './write-errors.js';

/** Metadata of an object that holds the SHA-256 of a package. */
const SHA256 = 'sha256';

/**
 * Fetches a package into a bucket. It is spooled to a file without a name, checked, and then stored in one piece, so that S3
 * has all of it or nothing.
 */
export async function fetchToBucket(
  request: PackageRequest,
  destination: Destination & { readonly kind: 's3' },
  access: S3Access,
  options: FetchOptions,
): Promise<ResultsPackage> {
  const bucket = new ResultsObject(destination, access, options);
  const object = await PackageObject.open(options.origin, options);
  let handle: FileHandle | undefined;
  try {
    const found = await bucket.head();
    if (found && found.sizeBytes !== object.sizeBytes)
      throw exists(
        destination.location,
        `has ${found.sizeBytes} bytes, while the package has ${object.sizeBytes}`,
      );
    if (object.sizeBytes > MAX_FILE_BYTES)
      throw unwritable(
        `Cannot write results to ${quote(destination.location)}: the package has ${object.sizeBytes} bytes, and S3 accepts at most ${MAX_FILE_BYTES} in one piece`,
        Object.assign(new Error('too large'), { code: 'EINVAL' }),
      );
    handle = await openUnlinkedFile(asUnwritable);
    const bytes = await download(object, handle, tmpdir(), options);
    const verified = await inspectPackage(handle, request, options);
    if (found) bucket.assertSame(found, bytes);
    else await bucket.put(handle, bytes);
    return { location: destination.location, ...bytes, ...verified };
  } finally {
    object.close();
    await handle?.close().catch(() => {});
  }
}

interface FoundObject {
  readonly sizeBytes: number | undefined;
  readonly sha256: string | undefined;
}

/** The object that a package becomes. */
class ResultsObject {
  readonly #destination: Destination & { readonly kind: 's3' };
  readonly #access: S3Access;
  readonly #options: FetchOptions;

  constructor(destination: Destination & { readonly kind: 's3' }, access: S3Access, options: FetchOptions) {
    this.#destination = destination;
    this.#access = access;
    this.#options = options;
  }

  /** Returns what is there; `undefined` if nothing is. */
  async head(): Promise<FoundObject | undefined> {
    const { client, sdk } = this.#access;
    const { bucket: Bucket, key: Key } = this.#destination;
    try {
      const { ContentLength: sizeBytes, Metadata } = await this.#withTimeout((abortSignal) =>
        client.send(new sdk.HeadObjectCommand({ Bucket, Key }), { abortSignal }),
      );
      return { sizeBytes, sha256: Metadata?.[SHA256] };
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw this.#asUnwritable(error);
    }
  }

  /** @throws {@link UploadError} `RESULTS_EXIST` */
  assertSame(found: FoundObject, { sizeBytes, sha256 }: DownloadedBytes): void {
    if (found.sizeBytes === sizeBytes && found.sha256 === sha256) return;
    throw exists(this.#destination.location, 'has another object than the package');
  }

  /** Stores the package, unless another object has appeared. */
  async put(handle: FileHandle, bytes: DownloadedBytes): Promise<void> {
    const { client, sdk } = this.#access;
    const { bucket: Bucket, key: Key } = this.#destination;
    try {
      await this.#withTimeout((abortSignal, restart) =>
        client.send(
          new sdk.PutObjectCommand({
            Bucket,
            Key,
            Body: bodyOf(handle, restart),
            ContentLength: bytes.sizeBytes,
            ContentType: 'application/zip',
            ChecksumSHA256: Buffer.from(bytes.sha256, 'hex').toString('base64'),
            Metadata: { [SHA256]: bytes.sha256 },
            IfNoneMatch: '*',
          }),
          { abortSignal },
        ),
      );
    } catch (error) {
      if (statusOf(error) !== 412 && statusOf(error) !== 409) throw this.#asUnwritable(error);
      const found = await this.head();
      if (!found) throw this.#asUnwritable(error);
      this.assertSame(found, bytes);
    }
  }

  async #withTimeout<Result>(
    call: (signal: AbortSignal, restart: () => void) => Promise<Result>,
  ): Promise<Result> {
    const { signal = new AbortController().signal, idleTimeoutMs = IDLE_TIMEOUT_MS } = this.#options;
    const idle = new IdleTimeout(idleTimeoutMs, signal, () =>
      unwritable(
        `Cannot write results to ${quote(this.#destination.location)}: S3 did not respond within ${idleTimeoutMs / 1000} s`,
      ),
    );
    try {
      return await call(idle.signal, () => idle.restart());
    } catch (error) {
      signal.throwIfAborted();
      throw idle.signal.aborted ? idle.signal.reason : error;
    } finally {
      idle.end();
    }
  }

  #asUnwritable(error: unknown): UploadError {
    if (error instanceof UploadError) return error;
    const status = statusOf(error);
    const isFinal =
      status !== undefined && status >= 400 && status < 500 && ![408, 409, 429].includes(status);
    return new UploadError(
      'RESULTS_UNWRITABLE',
      `Cannot write results to ${quote(this.#destination.location)} (${s3Reason(error)})`,
      isFinal
        ? { final: true, action: 'Check the bucket, and the AWS credentials and permissions of the worker.' }
        : {},
    );
  }
}

/** Returns the content of a file as a stream. If S3 refuses it before its end, nobody listens to the error of the rest. */
function bodyOf(handle: FileHandle, onChunk: () => void): Readable {
  const body = Readable.from(chunksOf(handle, onChunk), { objectMode: false });
  return body.on('error', () => {});
}

async function* chunksOf(handle: FileHandle, onChunk: () => void): AsyncGenerator<Buffer, void> {
  for await (const chunk of createReadStream('', { fd: handle, start: 0, autoClose: false })) {
    onChunk();
    yield chunk as Buffer;
  }
}
