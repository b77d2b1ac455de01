import type { IncomingHttpHeaders } from 'node:http';
import { type Dispatcher, request } from 'undici';
import { UploadError } from '../contract/errors.js';
import { networkErrorName } from '../http/call.js';
import type { HostList } from '../http/host-list.js';
import { retryAfterMs } from '../http/retry-after.js';
import { quote } from '../util/quote.js';
import { assertSupportedSize } from './file-limits.js';
import { assertMayReach } from './https-agent.js';
import type { OpenFile } from './open-file.js';
import { type ReadTimeouts, waitFor } from './read-timeouts.js';
import { eachWithin, RemoteFile, type RemoteObject, stalled } from './remote-file.js';
import { spool } from './spool.js';

/** How `https:` sources are read. */
export interface HttpsAccess {
  /** Hosts and addresses that may be read from. */
  readonly hosts: HostList;
  /** Made by `httpsAgent` of the same hosts. */
  readonly dispatcher: Dispatcher;
  /** Most bytes of a source of unknown length that are taken to the disk. */
  readonly spoolLimitBytes: number;
}

/** A source whose length its server does not tell. */
export interface UnsizedSource {
  /** Takes all of it to the disk. To be called once; closes the source. */
  spool(): Promise<OpenFile>;
  close(): Promise<void>;
}

const MAX_REDIRECTS = 5;
const HEADERS = { 'accept-encoding': 'identity', accept: '*/*', 'user-agent': 'aplos-upload-worker' };

/**
 * Asks a server for a file: its answer's headers are there, its bytes are still to be read.
 *
 * @param url whose query may be secret
 * @param path the same as messages show it
 * @throws {@link UploadError} `SOURCE_FORBIDDEN`, `SOURCE_REFUSED`, `SOURCE_UNREACHABLE`, `SOURCE_UNAVAILABLE`,
 * `SOURCE_ANSWER_UNEXPECTED`, `FILE_EMPTY`, `FILE_TOO_LARGE`
 * @throws the signal's reason when aborted
 */
export async function openHttps(
  url: URL,
  path: string,
  access: HttpsAccess,
  patience: ReadTimeouts,
): Promise<OpenFile | UnsizedSource> {
  const connection = new HttpsConnection(url, path, access);
  try {
    const answer = await connection.get({}, patience);
    if (answer.statusCode !== 200) throw unexpected(path, `status ${answer.statusCode}`);
    const sizeBytes = lengthOf(answer.headers, path);
    if (sizeBytes === undefined) return new UnsizedHttps(connection, answer, access, patience);
    assertSupportedSize(path, sizeBytes);
    return new RemoteFile(new HttpsObject(connection, answer, sizeBytes));
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Of whole answers, how many bytes follow; `undefined` if they only end sometime. */
function lengthOf(headers: IncomingHttpHeaders, path: string): number | undefined {
  const length = only(headers['content-length']);
  if (length !== undefined) return Number(length);
  if (/\bchunked$/i.test(only(headers['transfer-encoding']) ?? '')) return undefined;
  throw unexpected(path, 'neither a length nor chunks, so a file that was cut short would look whole');
}

/** Asks for one file, time and again; has one connection at a time. */
class HttpsConnection {
  readonly path: string;
  readonly #url: URL;
  readonly #access: HttpsAccess;
  #cut = new AbortController();

  constructor(url: URL, path: string, access: HttpsAccess) {
    this.path = path;
    this.#url = url;
    this.#access = access;
  }

  /** A successful answer to a GET, redirects followed. */
  async get(
    headers: Readonly<Record<string, string>>,
    patience: ReadTimeouts,
  ): Promise<Dispatcher.ResponseData> {
    this.close();
    this.#cut = new AbortController();
    let url = this.#url;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      assertMayReach(url, this.#access.hosts, this.path);
      const answer = await this.#getOnce(url, headers, patience);
      if (answer.statusCode >= 200 && answer.statusCode <= 299) return this.#plain(answer);
      if (![301, 302, 303, 307, 308].includes(answer.statusCode)) throw refusal(this.path, url, answer);
      answer.body.destroy();
      url = redirectTarget(answer.headers, url, this.path);
    }
    throw unexpected(this.path, `more than ${MAX_REDIRECTS} redirects`);
  }

  /** Cuts the connection, if there is one. */
  close(): void {
    this.#cut.abort();
  }

  async #getOnce(
    url: URL,
    headers: Readonly<Record<string, string>>,
    patience: ReadTimeouts,
  ): Promise<Dispatcher.ResponseData> {
    try {
      const answer = await waitFor(
        request(url, {
          headers: { ...HEADERS, ...headers },
          dispatcher: this.#access.dispatcher,
          signal: this.#cut.signal,
          headersTimeout: 0,
          bodyTimeout: 0,
        }),
        patience,
        () => stalled(this.path, patience),
      );
      answer.body.on('error', () => {}); // whoever reads it is told as well
      return answer;
    } catch (error) {
      if (patience.signal?.aborted) throw patience.signal.reason;
      throw error instanceof UploadError ? error : noAnswer(this.path, url, error);
    }
  }

  #plain(answer: Dispatcher.ResponseData): Dispatcher.ResponseData {
    const { 'content-encoding': encoding = 'identity' } = answer.headers;
    if (/^identity$/i.test(String(encoding))) return answer;
    throw unexpected(this.path, `the file encoded, though it was asked for as it is`);
  }
}

/** A file of known length. */
class HttpsObject implements RemoteObject {
  readonly sizeBytes: number;
  readonly #connection: HttpsConnection;
  /** What tells the file from another under the same URL. */
  readonly #validator: string | undefined;
  #isResumable: boolean;
  #unread: Dispatcher.ResponseData | undefined;

  constructor(connection: HttpsConnection, answer: Dispatcher.ResponseData, sizeBytes: number) {
    this.#connection = connection;
    this.sizeBytes = sizeBytes;
    this.#validator = validatorIn(answer.headers);
    this.#isResumable = this.#validator !== undefined;
    this.#unread = answer;
  }

  get path(): string {
    return this.#connection.path;
  }

  get canResume(): boolean {
    return this.#isResumable;
  }

  async read(position: number, patience: ReadTimeouts): Promise<AsyncIterable<Buffer>> {
    const first = position === 0 ? this.#unread : undefined;
    this.#unread = undefined;
    return (first ?? (await this.#rest(position, patience))).body;
  }

  close(): void {
    this.#connection.close();
  }

  async #rest(position: number, patience: ReadTimeouts): Promise<Dispatcher.ResponseData> {
    const condition = this.#validator === undefined ? {} : { 'if-range': this.#validator };
    const answer = await this.#connection
      .get({ range: `bytes=${position}-`, ...condition }, patience)
      .catch((error: unknown) => {
        throw isBeyondTheEnd(error) ? this.#changed() : error;
      });
    const { statusCode, headers } = answer;
    const validator = validatorIn(headers);
    // A part need not say again when the file was written.
    const isSame = validator === this.#validator || (validator === undefined && statusCode === 206);
    if (!isSame) throw this.#changed();
    if (statusCode === 206) {
      if (headers['content-range'] === `bytes ${position}-${this.sizeBytes - 1}/${this.sizeBytes}`)
        return answer;
      throw unexpected(this.path, 'another part of the file than it was asked for');
    }
    this.#isResumable = false;
    throw new UploadError(
      'SOURCE_UNREACHABLE',
      `The source ${quote(this.path)} broke off after ${position} of ${this.sizeBytes} bytes, and its server gives no parts of files`,
      { details: { bytesRead: position } },
    );
  }

  #changed(): UploadError {
    return new UploadError('FILE_CHANGED', `The file ${quote(this.path)} was replaced while it was read`);
  }
}

/** Only a strong ETag, or else a date, tells that two answers are about the same bytes. */
function validatorIn(headers: IncomingHttpHeaders): string | undefined {
  const [etag, modified] = [headers.etag, headers['last-modified']].map(only);
  return etag?.startsWith('"') ? etag : modified;
}

/** The value of a header that makes sense once only; whatever node's types say, a server may send it twice. */
const only = (value: string | string[] | undefined) => (typeof value === 'string' ? value : undefined);

const isBeyondTheEnd = (error: unknown) => error instanceof UploadError && error.details?.status === 416;

class UnsizedHttps implements UnsizedSource {
  readonly #connection: HttpsConnection;
  readonly #answer: Dispatcher.ResponseData;
  readonly #access: HttpsAccess;
  readonly #patience: ReadTimeouts;

  constructor(
    connection: HttpsConnection,
    answer: Dispatcher.ResponseData,
    access: HttpsAccess,
    patience: ReadTimeouts,
  ) {
    this.#connection = connection;
    this.#answer = answer;
    this.#access = access;
    this.#patience = patience;
  }

  async spool(): Promise<OpenFile> {
    try {
      return await spool(this.#bytes(), this.#connection.path, this.#access.spoolLimitBytes);
    } finally {
      this.#connection.close();
    }
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  async *#bytes(): AsyncGenerator<Buffer, void> {
    const { path } = this.#connection;
    try {
      yield* eachWithin(this.#answer.body, path, this.#patience);
    } catch (error) {
      if (this.#patience.signal?.aborted || error instanceof UploadError) throw error;
      throw new UploadError(
        'SOURCE_UNREACHABLE',
        `The source ${quote(path)} broke off (${networkErrorName(error)}), and its length is not known`,
      );
    }
  }
}

function redirectTarget({ location }: IncomingHttpHeaders, base: URL, path: string): URL {
  if (typeof location !== 'string' || !URL.canParse(location, base.href))
    throw unexpected(path, 'a redirect that leads nowhere');
  return new URL(location, base.href);
}

/** How undici's errors are called for answers that break the rules of HTTP. */
const NOT_HTTP = [
  'HTTPParserError',
  'HPE_',
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
];

// Without the cause: undici's errors may quote what was asked for, and that may be secret.
function noAnswer(path: string, { host }: URL, error: unknown): UploadError {
  const reason = networkErrorName(error);
  if (NOT_HTTP.some((name) => reason.startsWith(name)))
    return unexpected(path, `what is not HTTP (${reason})`);
  return new UploadError(
    'SOURCE_UNREACHABLE',
    `The source ${quote(path)}: ${host} did not answer (${reason})`,
    {
      details: { host, reason },
    },
  );
}

const words: Readonly<Record<number, string>> = {
  401: 'it asks for a login',
  403: 'it does not give the file to this worker, or the presigned URL has expired',
  404: 'it has no such file',
  410: 'it no longer has the file',
};

function refusal(path: string, { host }: URL, answer: Dispatcher.ResponseData): UploadError {
  const { statusCode: status, headers } = answer;
  const details = { status, host };
  const said = `The source ${quote(path)}: ${host} answered ${status}`;
  if (status >= 500 || status === 429 || status === 408 || status === 425)
    return new UploadError('SOURCE_UNAVAILABLE', said, {
      details,
      retryAfterMs: retryAfterMs(headers['retry-after']),
    });
  if (status < 400) return unexpected(path, `status ${status}`);
  return new UploadError('SOURCE_REFUSED', words[status] ? `${said}: ${words[status]}` : said, { details });
}

const unexpected = (path: string, what: string) =>
  new UploadError('SOURCE_ANSWER_UNEXPECTED', `The server of ${quote(path)} gave ${what}`);
