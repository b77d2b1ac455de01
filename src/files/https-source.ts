import type { Dispatcher } from 'undici';
import { UploadError } from '../contract/errors.js';
import { networkErrorName } from '../http/network-error.js';
import { quote } from '../util/quote.js';
import { assertSupportedSize } from './file-limits.js';
import { type HttpsAccess, HttpsConnection } from './https-connection.js';
import { lengthOf, unexpectedResponse, validatorOf } from './https-responses.js';
import type { OpenFile } from './open-file.js';
import type { ReadTimeouts } from './read-timeouts.js';
import { eachWithin, RemoteFile, type RemoteObject, sourceErrors } from './remote-file.js';
import { spool } from './spool.js';

/** A source whose length is unknown. */
export interface UnsizedSource {
  /** Spools the source to disk and closes it. Can be called once. */
  spool(): Promise<OpenFile>;
  close(): Promise<void>;
}

/**
 * Requests a file from a server and reads the headers of the response, but not its body.
 *
 * @param url its query may be secret
 * @param path the source as shown in messages
 * @throws {@link UploadError} `SOURCE_FORBIDDEN`, `SOURCE_REFUSED`, `SOURCE_UNREACHABLE`, `SOURCE_UNAVAILABLE`,
 * `SOURCE_ANSWER_UNEXPECTED`, `FILE_EMPTY`, `FILE_TOO_LARGE`
 * @throws the signal's reason if aborted
 */
export async function openHttps(
  url: URL,
  path: string,
  access: HttpsAccess,
  timeouts: ReadTimeouts,
): Promise<OpenFile | UnsizedSource> {
  const connection = new HttpsConnection(url, path, access);
  try {
    const response = await connection.get({}, timeouts);
    if (response.statusCode !== 200) throw unexpectedResponse(path, `status ${response.statusCode}`);
    const sizeBytes = lengthOf(response.headers, path);
    if (sizeBytes === undefined)
      return new UnsizedHttps(connection, response, access.spoolLimitBytes, timeouts);
    assertSupportedSize(path, sizeBytes);
    return new RemoteFile(new HttpsObject(connection, response, sizeBytes));
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** A file of known length. */
class HttpsObject implements RemoteObject {
  readonly sizeBytes: number;
  readonly #connection: HttpsConnection;
  /** Distinguishes the file from other versions under the same URL. */
  readonly #validator: string | undefined;
  #canResume: boolean;
  #unreadResponse: Dispatcher.ResponseData | undefined;

  constructor(connection: HttpsConnection, response: Dispatcher.ResponseData, sizeBytes: number) {
    this.#connection = connection;
    this.sizeBytes = sizeBytes;
    this.#validator = validatorOf(response.headers);
    this.#canResume = this.#validator !== undefined;
    this.#unreadResponse = response;
  }

  get path(): string {
    return this.#connection.path;
  }

  get canResume(): boolean {
    return this.#canResume;
  }

  async read(position: number, timeouts: ReadTimeouts): Promise<AsyncIterable<Buffer>> {
    const first = position === 0 ? this.#unreadResponse : undefined;
    this.#unreadResponse = undefined;
    return (first ?? (await this.#getRest(position, timeouts))).body;
  }

  close(): void {
    this.#connection.close();
  }

  async #getRest(position: number, timeouts: ReadTimeouts): Promise<Dispatcher.ResponseData> {
    const condition = this.#validator === undefined ? {} : { 'if-range': this.#validator };
    const response = await this.#connection
      .get({ range: `bytes=${position}-`, ...condition }, timeouts)
      .catch((error: unknown) => {
        throw isRangeNotSatisfiable(error) ? this.#changed() : error;
      });
    const { statusCode, headers } = response;
    const validator = validatorOf(headers);
    // A partial response need not repeat the validator.
    const isSame = validator === this.#validator || (validator === undefined && statusCode === 206);
    if (!isSame) throw this.#changed();
    if (statusCode === 206) {
      if (headers['content-range'] === `bytes ${position}-${this.sizeBytes - 1}/${this.sizeBytes}`)
        return response;
      throw unexpectedResponse(this.path, 'another part of the file than requested');
    }
    this.#canResume = false;
    throw new UploadError(
      'SOURCE_UNREACHABLE',
      `The connection to the source ${quote(this.path)} dropped after ${position} of ${this.sizeBytes} bytes, and its server does not support range requests`,
      { details: { bytesRead: position } },
    );
  }

  #changed(): UploadError {
    return new UploadError('FILE_CHANGED', `The file ${quote(this.path)} was replaced while it was read`);
  }
}

const isRangeNotSatisfiable = (error: unknown) =>
  error instanceof UploadError && error.details?.status === 416;

class UnsizedHttps implements UnsizedSource {
  readonly #connection: HttpsConnection;
  readonly #response: Dispatcher.ResponseData;
  readonly #limitBytes: number;
  readonly #timeouts: ReadTimeouts;

  constructor(
    connection: HttpsConnection,
    response: Dispatcher.ResponseData,
    limitBytes: number,
    timeouts: ReadTimeouts,
  ) {
    this.#connection = connection;
    this.#response = response;
    this.#limitBytes = limitBytes;
    this.#timeouts = timeouts;
  }

  async spool(): Promise<OpenFile> {
    try {
      return await spool(this.#bytes(), this.#connection.path, this.#limitBytes);
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
      yield* eachWithin(this.#response.body, sourceErrors(path), this.#timeouts);
    } catch (error) {
      if (this.#timeouts.signal?.aborted || error instanceof UploadError) throw error;
      throw new UploadError(
        'SOURCE_UNREACHABLE',
        `The connection to the source ${quote(path)} dropped (${networkErrorName(error)}), and the length of the file is unknown`,
      );
    }
  }
}
