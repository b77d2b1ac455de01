import type { AgentOptions } from 'node:https';
import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { UploadError } from '../contract/errors.js';
import { networkErrorName } from '../http/call.js';
import { quote } from '../util/quote.js';
import { shortenText } from '../util/shorten-text.js';
import { assertSupportedSize } from './file-limits.js';
import type { OpenFile } from './open-file.js';
import { type ReadTimeouts, waitFor } from './read-timeouts.js';
import { RemoteFile, type RemoteObject, stalled } from './remote-file.js';

type Sdk = typeof import('@aws-sdk/client-s3');

/** The AWS SDK, and a client made with it. */
export interface S3Access {
  readonly sdk: Sdk;
  readonly client: S3Client;
}

/**
 * How `s3:` sources are read: with the credentials, the region and the endpoint that the AWS SDK finds in the
 * worker's environment. The SDK is loaded when it is first asked for, as most workers never need it.
 *
 * @param tls how S3 has to prove itself. Default: by a certificate that Node.js trusts
 */
export function s3Access(tls: AgentOptions = {}): () => Promise<S3Access> {
  let access: Promise<S3Access> | undefined;
  return () => {
    access ??= load(tls);
    return access;
  };
}

async function load(tls: AgentOptions): Promise<S3Access> {
  // It runs on every Node that this program runs on; it need not say each time when that will end.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const sdk = await import('@aws-sdk/client-s3');
  const client = new sdk.S3Client({
    maxAttempts: 1, // Temporal tries again
    requestHandler: { httpsAgent: tls },
    followRegionRedirects: true,
    forcePathStyle: Boolean(process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL),
    responseChecksumValidation: 'WHEN_REQUIRED', // a file that is read in parts has none to compare
  });
  return { sdk, client };
}

/** An object as a URL names it. */
export interface ObjectLocation {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/**
 * Reads `s3://bucket/key`, `?versionId=…` or not. The key is percent-encoded as any path of a URL is.
 *
 * @returns `undefined` if the URL names no object
 */
export function objectLocation(url: URL): ObjectLocation | undefined {
  const { host: bucket, pathname, searchParams, hash, username, password } = url;
  const { versionId, ...others } = Object.fromEntries(searchParams);
  const key = decoded(pathname.slice(1));
  if (!key || !BUCKET.test(bucket) || hash || username || password || Object.keys(others).length > 0)
    return undefined;
  return { bucket, key, versionId };
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/**
 * Asks S3 for an object: the headers of its answer are there, its bytes are still to be read. What is read later is of the
 * same version, or where the bucket has no versions, of the same ETag.
 *
 * @param path the source as messages show it
 * @throws {@link UploadError} `SOURCE_REFUSED`, `SOURCE_UNREACHABLE`, `SOURCE_UNAVAILABLE`,
 * `SOURCE_ANSWER_UNEXPECTED`, `SOURCE_AWS_UNCONFIGURED`, `FILE_EMPTY`, `FILE_TOO_LARGE`
 * @throws the signal's reason when aborted
 */
export async function openS3(
  location: ObjectLocation,
  path: string,
  access: S3Access,
  patience: ReadTimeouts,
): Promise<OpenFile> {
  const connection = new S3Connection(location, path, access);
  try {
    const answer = await connection.get({}, patience);
    const { ContentLength: sizeBytes, ETag: etag } = answer;
    if (sizeBytes === undefined || etag === undefined) throw unexpected(path, 'no length or no ETag');
    assertSupportedSize(path, sizeBytes);
    return new RemoteFile(new S3Object(connection, answer, sizeBytes, etag));
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Asks for one object, time and again; has one connection at a time. */
class S3Connection {
  readonly path: string;
  readonly #location: ObjectLocation;
  readonly #access: S3Access;
  #cut = new AbortController();
  #body: GetObjectCommandOutput['Body'];

  constructor(location: ObjectLocation, path: string, access: S3Access) {
    this.path = path;
    this.#location = location;
    this.#access = access;
  }

  async get(
    which: { VersionId?: string | undefined; IfMatch?: string; Range?: string },
    patience: ReadTimeouts,
  ): Promise<GetObjectCommandOutput> {
    this.close();
    this.#cut = new AbortController();
    const { bucket: Bucket, key: Key, versionId: VersionId } = this.#location;
    const { client, sdk } = this.#access;
    const asking = client.send(new sdk.GetObjectCommand({ Bucket, Key, VersionId, ...which }), {
      abortSignal: this.#cut.signal,
    });
    try {
      const answer = await waitFor(asking, patience, () => stalled(this.path, patience));
      this.#body = answer.Body;
      bytesOf(answer).on('error', () => {}); // whoever reads it is told as well
      return answer;
    } catch (error) {
      if (patience.signal?.aborted) throw patience.signal.reason;
      throw error instanceof UploadError ? error : refusal(this.path, error);
    }
  }

  close(): void {
    this.#cut.abort();
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
  #unread: GetObjectCommandOutput | undefined;

  constructor(connection: S3Connection, answer: GetObjectCommandOutput, sizeBytes: number, etag: string) {
    this.#connection = connection;
    this.#unread = answer;
    this.sizeBytes = sizeBytes;
    this.versionId = answer.VersionId;
    this.#etag = etag;
  }

  get path(): string {
    return this.#connection.path;
  }

  async read(position: number, patience: ReadTimeouts): Promise<AsyncIterable<Buffer>> {
    const first = position === 0 ? this.#unread : undefined;
    this.#unread = undefined;
    return bytesOf(first ?? (await this.#rest(position, patience)));
  }

  close(): void {
    this.#connection.close();
  }

  async #rest(position: number, patience: ReadTimeouts): Promise<GetObjectCommandOutput> {
    const pinned = this.versionId === undefined ? {} : { VersionId: this.versionId };
    const answer = await this.#connection.get(
      { ...pinned, IfMatch: this.#etag, Range: `bytes=${position}-` },
      patience,
    );
    if (answer.ETag !== this.#etag) throw changed(this.path);
    if (answer.ContentRange !== `bytes ${position}-${this.sizeBytes - 1}/${this.sizeBytes}`)
      throw unexpected(this.path, 'another part of the object than it was asked for');
    return answer;
  }
}

/** In node, the SDK gives node's streams. */
const bytesOf = ({ Body }: GetObjectCommandOutput) => Body as NodeJS.ReadableStream & AsyncIterable<Buffer>;

const UNCONFIGURED = ['CredentialsProviderError', 'TokenProviderError'];

function refusal(path: string, error: unknown): UploadError {
  const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  const said = `${name}: ${shortenText(message)}`;
  if (UNCONFIGURED.includes(name) || /^Region is missing/.test(message))
    return new UploadError(
      'SOURCE_AWS_UNCONFIGURED',
      `The source ${quote(path)} cannot be asked for (${said})`,
    );
  if (status === undefined || status < 300)
    return new UploadError(
      'SOURCE_UNREACHABLE',
      `The source ${quote(path)}: S3 did not answer (${networkErrorName(error)})`,
    );
  if (status === 412 || status === 416) return changed(path);
  const details = { status, s3Code: name };
  const answered = `The source ${quote(path)}: S3 answered ${status} ${said}`;
  if (status >= 500 || status === 429 || ['RequestTimeout', 'SlowDown'].includes(name))
    return new UploadError('SOURCE_UNAVAILABLE', answered, { details });
  return new UploadError('SOURCE_REFUSED', answered, { details });
}

const changed = (path: string) =>
  new UploadError('FILE_CHANGED', `The file ${quote(path)} was replaced while it was read`);

const unexpected = (path: string, what: string) =>
  new UploadError('SOURCE_ANSWER_UNEXPECTED', `S3 answered to ${quote(path)} with ${what}`);
