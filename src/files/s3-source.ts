import type { AgentOptions } from 'node:https';
import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { UploadError } from '../contract/errors.js';
import { networkErrorName } from '../http/network-error.js';
import { quote } from '../util/quote.js';
import { shortenText } from '../util/shorten-text.js';
import { assertSupportedSize } from './file-limits.js';
import type { OpenFile } from './open-file.js';
import { type ReadTimeouts, waitFor } from './read-timeouts.js';
import { RemoteFile, type RemoteObject, sourceErrors, stalled } from './remote-file.js';

type Sdk = typeof import('@aws-sdk/client-s3');

/** The AWS SDK and a client. */
export interface S3Access {
  readonly sdk: Sdk;
  readonly client: S3Client;
}

/**
 * Returns a function that loads the AWS SDK on its first call, because most workers never need it. The SDK takes
 * credentials, region and endpoint from the worker's environment.
 *
 * @param tls TLS options. Default: those of Node.js
 */
export function s3Access(tls: AgentOptions = {}): () => Promise<S3Access> {
  let access: Promise<S3Access> | undefined;
  return () => {
    access ??= load(tls);
    return access;
  };
}

async function load(tls: AgentOptions): Promise<S3Access> {
  // The SDK would print a warning about future versions of Node.js for each process.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const sdk = await import('@aws-sdk/client-s3');
  const client = new sdk.S3Client({
    maxAttempts: 1, // Temporal retries
    requestHandler: { httpsAgent: tls },
    followRegionRedirects: true,
    forcePathStyle: Boolean(process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL),
    responseChecksumValidation: 'WHEN_REQUIRED', // a part of a file has no checksum
  });
  return { sdk, client };
}

/** Location of an S3 object. */
export interface ObjectLocation {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/**
 * Parses `s3://bucket/key` with an optional `?versionId=…`. The key is percent-encoded, like any path of a URL.
 *
 * @returns `undefined` if it is not the URL of an object
 */
export function objectLocation(url: URL): ObjectLocation | undefined {
  const { host: bucket, pathname, searchParams, hash, username, password } = url;
  const { versionId, ...others } = Object.fromEntries(searchParams);
  const key = decode(pathname.slice(1));
  if (!key || !BUCKET.test(bucket) || hash || username || password || Object.keys(others).length > 0)
    return undefined;
  return { bucket, key, versionId };
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/**
 * Requests an object from S3 and reads the headers of the response, but not its body. All bytes are read from the same
 * version, or with the same ETag if the bucket is not versioned.
 *
 * @param path the source as shown in messages
 * @throws {@link UploadError} `SOURCE_REFUSED`, `SOURCE_UNREACHABLE`, `SOURCE_UNAVAILABLE`,
 * `SOURCE_ANSWER_UNEXPECTED`, `SOURCE_AWS_UNCONFIGURED`, `FILE_EMPTY`, `FILE_TOO_LARGE`
 * @throws the signal's reason if aborted
 */
export async function openS3(
  location: ObjectLocation,
  path: string,
  access: S3Access,
  timeouts: ReadTimeouts,
): Promise<OpenFile> {
  const connection = new S3Connection(location, path, access);
  try {
    const response = await connection.get({}, timeouts);
    const { ContentLength: sizeBytes, ETag: etag } = response;
    if (sizeBytes === undefined || etag === undefined)
      throw unexpectedResponse(path, 'a response without length or ETag');
    assertSupportedSize(path, sizeBytes);
    return new RemoteFile(new S3Object(connection, response, sizeBytes, etag));
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Requests one object, as often as needed, over one connection at a time. */
class S3Connection {
  readonly path: string;
  readonly #location: ObjectLocation;
  readonly #access: S3Access;
  #aborting = new AbortController();
  #body: GetObjectCommandOutput['Body'];

  constructor(location: ObjectLocation, path: string, access: S3Access) {
    this.path = path;
    this.#location = location;
    this.#access = access;
  }

  async get(
    parameters: { VersionId?: string | undefined; IfMatch?: string; Range?: string },
    timeouts: ReadTimeouts,
  ): Promise<GetObjectCommandOutput> {
    this.close();
    this.#aborting = new AbortController();
    const { bucket: Bucket, key: Key, versionId: VersionId } = this.#location;
    const { client, sdk } = this.#access;
    const request = client.send(new sdk.GetObjectCommand({ Bucket, Key, VersionId, ...parameters }), {
      abortSignal: this.#aborting.signal,
    });
    try {
      const response = await waitFor(request, timeouts, () => stalled(sourceErrors(this.path), timeouts));
      this.#body = response.Body;
      bytesOf(response).on('error', () => {}); // the reader of the body gets the error, too
      return response;
    } catch (error) {
      if (timeouts.signal?.aborted) throw timeouts.signal.reason;
      throw error instanceof UploadError ? error : refused(this.path, error);
    }
  }

  close(): void {
    this.#aborting.abort();
    if (this.#body) (this.#body as NodeJS.ReadableStream & { destroy(): void }).destroy();
    this.#body = undefined;
  }
}

class S3Object implements RemoteObject {
  readonly canResume = true;
  readonly sizeBytes: number;
  readonly versionId: string | undefined;
  readonly #connection: S3Connection;
  readonly #etag: string;
  #unreadResponse: GetObjectCommandOutput | undefined;

  constructor(connection: S3Connection, response: GetObjectCommandOutput, sizeBytes: number, etag: string) {
    this.#connection = connection;
    this.#unreadResponse = response;
    this.sizeBytes = sizeBytes;
    this.versionId = response.VersionId;
    this.#etag = etag;
  }

  get path(): string {
    return this.#connection.path;
  }

  async read(position: number, timeouts: ReadTimeouts): Promise<AsyncIterable<Buffer>> {
    const first = position === 0 ? this.#unreadResponse : undefined;
    this.#unreadResponse = undefined;
    return bytesOf(first ?? (await this.#getRest(position, timeouts)));
  }

  close(): void {
    this.#connection.close();
  }

  async #getRest(position: number, timeouts: ReadTimeouts): Promise<GetObjectCommandOutput> {
    const version = this.versionId === undefined ? {} : { VersionId: this.versionId };
    const response = await this.#connection.get(
      { ...version, IfMatch: this.#etag, Range: `bytes=${position}-` },
      timeouts,
    );
    if (response.ETag !== this.#etag) throw changed(this.path);
    if (response.ContentRange !== `bytes ${position}-${this.sizeBytes - 1}/${this.sizeBytes}`)
      throw unexpectedResponse(this.path, 'another part of the object than requested');
    return response;
  }
}

/** On Node.js, the SDK returns Node.js streams. */
const bytesOf = ({ Body }: GetObjectCommandOutput) => Body as NodeJS.ReadableStream & AsyncIterable<Buffer>;

const CONFIGURATION_ERRORS = ['CredentialsProviderError', 'TokenProviderError'];

function refused(path: string, error: unknown): UploadError {
  const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  const reason = `${name}: ${shortenText(message)}`;
  if (CONFIGURATION_ERRORS.includes(name) || /^Region is missing/.test(message))
    return new UploadError(
      'SOURCE_AWS_UNCONFIGURED',
      `Cannot request the source ${quote(path)} from S3 (${reason})`,
    );
  if (status === undefined || status < 300)
    return new UploadError(
      'SOURCE_UNREACHABLE',
      `Cannot read the source ${quote(path)}: S3 did not respond (${networkErrorName(error)})`,
    );
  if (status === 412 || status === 416) return changed(path);
  const details = { status, s3Code: name };
  const happened = `Cannot read the source ${quote(path)}: S3 returned ${status} ${reason}`;
  if (status >= 500 || status === 429 || ['RequestTimeout', 'SlowDown'].includes(name))
    return new UploadError('SOURCE_UNAVAILABLE', happened, { details });
  return new UploadError('SOURCE_REFUSED', happened, { details });
}

const changed = (path: string) =>
  new UploadError('FILE_CHANGED', `The file ${quote(path)} was replaced while it was read`);

const unexpectedResponse = (path: string, what: string) =>
  new UploadError('SOURCE_ANSWER_UNEXPECTED', `S3 returned ${what} for the source ${quote(path)}`);
