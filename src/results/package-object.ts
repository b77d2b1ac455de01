import type { Dispatcher } from 'undici';
import { UploadError } from '../contract/errors.js';
import type { ReadTimeouts } from '../files/read-timeouts.js';
import type { RemoteErrors, RemoteObject } from '../files/remote-file.js';
import { isEncoded, remoteGet } from '../files/remote-get.js';
import type { HostList } from '../http/host-list.js';
import { networkErrorName } from '../http/network-error.js';
import { assertS3Origin } from '../s3/hosts.js';
import { damaged, refused, textOf, unavailable } from './package-responses.js';

/** Where a package comes from. */
export interface PackageOrigin {
  readonly executionId: string;
  /** Requests a presigned link to the package from Aplos. The link is secret until it expires. */
  readonly requestLink: (signal?: AbortSignal) => Promise<string>;
  /** Connections to S3. Must neither retry nor follow redirects. */
  readonly dispatcher: Dispatcher;
  /** Hosts that a link may lead to, in addition to Amazon S3. Default: none */
  readonly hosts?: HostList | undefined;
}

/** Statuses with which S3 refuses a link that has expired, and others. */
const REFUSED_LINK: readonly number[] = [400, 401, 403];
/** Links that may be refused on their first use. One may have expired on its way here. */
const MAX_REFUSED_LINKS = 2;
/** Largest package that is downloaded: 50 GiB. */
const MAX_PACKAGE_BYTES = 50 * 1024 ** 3;

/** Returns how errors name the results of an execution. */
export const packageErrors = (executionId: string): RemoteErrors => ({
  subject: `the results of execution ${executionId}`,
  unreachable: 'S3_UNREACHABLE',
  unexpected: 'RESULTS_DAMAGED',
});

/** The package of an execution in S3. A link that has expired is replaced by a new one, as often as needed. */
export class PackageObject implements RemoteObject {
  readonly path: string;
  readonly sizeBytes: number;
  /** ETag with its quotes. Absent if S3 returned none that identifies the bytes. */
  readonly etag: string | undefined;
  /** MD5 of the package in lower-case hex. Absent if the ETag is none, as with SSE-KMS. */
  readonly md5: string | undefined;
  readonly #requests: PackageRequests;
  readonly #errors: RemoteErrors;
  #unread: Dispatcher.ResponseData | undefined;

  private constructor(requests: PackageRequests, response: Dispatcher.ResponseData) {
    const { executionId } = requests.origin;
    this.#requests = requests;
    this.#errors = packageErrors(executionId);
    this.path = this.#errors.subject;
    this.#unread = response;
    this.sizeBytes = sizeOf(response, executionId);
    this.etag = etagOf(response);
    this.md5 = md5Of(response);
  }

  /**
   * Requests a link, and the package with it. Reads the headers of the response, but not its body.
   *
   * @throws {@link UploadError} `S3_HOST_REFUSED`, `S3_UNREACHABLE`, `S3_UNAVAILABLE`, `RESULTS_UNAVAILABLE`,
   * `RESULTS_DAMAGED`, `RESULTS_UNSAFE`, or what the request for a link throws
   * @throws the signal's reason if aborted
   */
  static async open(origin: PackageOrigin, timeouts: ReadTimeouts): Promise<PackageObject> {
    const requests = new PackageRequests(origin);
    try {
      return new PackageObject(requests, await requests.get({}, timeouts));
    } catch (error) {
      requests.close();
      throw error;
    }
  }

  get canResume(): boolean {
    return this.etag !== undefined;
  }

  async read(position: number, timeouts: ReadTimeouts): Promise<AsyncIterable<Buffer>> {
    const first = position === 0 ? this.#unread : undefined;
    this.#unread = undefined;
    return (first ?? (await this.#getRest(position, timeouts))).body;
  }

  close(): void {
    this.#requests.close();
  }

  async #getRest(position: number, timeouts: ReadTimeouts): Promise<Dispatcher.ResponseData> {
    const condition: Record<string, string> = this.etag === undefined ? {} : { 'if-match': this.etag };
    const range = { range: `bytes=${position}-` };
    const response = await this.#requests.get({ ...range, ...condition }, timeouts);
    const { executionId } = this.#requests.origin;
    if (etagOf(response) !== this.etag) throw damaged(executionId, 'was replaced while it was downloaded');
    const expected = `bytes ${position}-${this.sizeBytes - 1}/${this.sizeBytes}`;
    if (response.statusCode !== 206 || response.headers['content-range'] !== expected)
      throw damaged(executionId, 'cannot be resumed: S3 returned another part of it than requested');
    return response;
  }
}

/** Requests one package, as often as needed, over one connection at a time. */
class PackageRequests {
  readonly origin: PackageOrigin;
  readonly #errors: RemoteErrors;
  #link: { readonly url: string; isUsed: boolean } | undefined;
  #aborting = new AbortController();

  constructor(origin: PackageOrigin) {
    this.origin = origin;
    this.#errors = packageErrors(origin.executionId);
  }

  /** Sends a GET, and returns the successful response. Drops the previous connection. */
  async get(
    headers: Readonly<Record<string, string>>,
    timeouts: ReadTimeouts,
  ): Promise<Dispatcher.ResponseData> {
    for (let refusedLinks = 0; ; ) {
      const link = await this.#currentLink(timeouts);
      const response = await this.#send(link.url, headers, timeouts);
      if (response.statusCode === 200 || response.statusCode === 206) {
        link.isUsed = true;
        return response;
      }
      const text = await textOf(response.body, timeouts);
      const isRefused = REFUSED_LINK.includes(response.statusCode);
      if (isRefused) {
        this.#link = undefined;
        if (!link.isUsed) refusedLinks += 1;
      }
      if (!isRefused || refusedLinks >= MAX_REFUSED_LINKS)
        throw refused(this.origin.executionId, new URL(link.url).host, response, text);
    }
  }

  /** Drops the connection, if there is one. */
  close(): void {
    this.#aborting.abort();
  }

  async #currentLink({ signal }: ReadTimeouts): Promise<{ readonly url: string; isUsed: boolean }> {
    if (this.#link) return this.#link;
    const url = await this.origin.requestLink(signal);
    assertS3Origin(url, this.origin, `The link to ${this.#errors.subject}`);
    this.#link = { url, isUsed: false };
    return this.#link;
  }

  async #send(
    url: string,
    headers: Readonly<Record<string, string>>,
    timeouts: ReadTimeouts,
  ): Promise<Dispatcher.ResponseData> {
    this.close();
    this.#aborting = new AbortController();
    try {
      return await remoteGet(
        url,
        {
          headers,
          dispatcher: this.origin.dispatcher,
          signal: this.#aborting.signal,
          errors: this.#errors,
          failed: (error) =>
            new UploadError(
              this.#errors.unreachable,
              `Cannot download ${this.#errors.subject}: ${new URL(url).host} did not respond (${networkErrorName(error)})`,
            ),
        },
        timeouts,
      );
    } catch (error) {
      this.close();
      throw error;
    }
  }
}

function sizeOf(response: Dispatcher.ResponseData, executionId: string): number {
  const { 'content-length': length } = response.headers;
  if (isEncoded(response))
    throw damaged(executionId, 'is encoded, although the request does not accept any encoding');
  const sizeBytes = typeof length === 'string' ? Number(length) : Number.NaN;
  if (!Number.isSafeInteger(sizeBytes))
    throw damaged(executionId, 'has no length, so a truncated one would go unnoticed');
  if (sizeBytes === 0) throw unavailable(executionId, 'the package is empty');
  if (sizeBytes > MAX_PACKAGE_BYTES)
    throw new UploadError(
      'RESULTS_UNSAFE',
      `The package with the results of execution ${executionId} has ${sizeBytes.toLocaleString('en')} bytes, more than the ${MAX_PACKAGE_BYTES.toLocaleString('en')} that are downloaded`,
    );
  return sizeBytes;
}

const etagOf = ({ headers: { etag } }: Dispatcher.ResponseData) =>
  typeof etag === 'string' && etag.startsWith('"') ? etag : undefined;

function md5Of(response: Dispatcher.ResponseData): string | undefined {
  const { 'x-amz-server-side-encryption': encryption } = response.headers;
  if (String(encryption).startsWith('aws:kms')) return undefined;
  return /^"([0-9a-f]{32})"$/i.exec(etagOf(response) ?? '')?.[1]?.toLowerCase();
}
