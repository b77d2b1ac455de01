import type { Dispatcher } from 'undici';
import type { HostList } from '../http/host-list.js';
import { assertMayReach } from './https-agent.js';
import { connectionFailed, redirectTarget, refused, unexpectedResponse } from './https-responses.js';
import type { ReadTimeouts } from './read-timeouts.js';
import { sourceErrors } from './remote-file.js';
import { isEncoded, remoteGet } from './remote-get.js';

/** Limits and connections for reading over HTTPS. */
export interface HttpsAccess {
  /** Hosts and addresses that the worker may read from. */
  readonly hosts: HostList;
  /** Created by `httpsAgent` with the same hosts. */
  readonly dispatcher: Dispatcher;
  /** Maximum size in bytes of a source of unknown length, which is spooled to disk. */
  readonly spoolLimitBytes: number;
}

const MAX_REDIRECTS = 5;

/** Requests one file, as often as needed, over one connection at a time. */
export class HttpsConnection {
  readonly path: string;
  readonly #url: URL;
  readonly #access: HttpsAccess;
  #aborting = new AbortController();

  /** @param path the source as shown in messages, because the query of the URL may be secret */
  constructor(url: URL, path: string, access: HttpsAccess) {
    this.path = path;
    this.#url = url;
    this.#access = access;
  }

  /** Sends a GET, follows redirects, and returns the successful response. Drops the previous connection. */
  async get(
    headers: Readonly<Record<string, string>>,
    timeouts: ReadTimeouts,
  ): Promise<Dispatcher.ResponseData> {
    this.close();
    this.#aborting = new AbortController();
    let url = this.#url;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      assertMayReach(url, this.#access.hosts, this.path);
      const response = await this.#getOnce(url, headers, timeouts);
      if (response.statusCode >= 200 && response.statusCode <= 299) return this.#assertUnencoded(response);
      if (![301, 302, 303, 307, 308].includes(response.statusCode)) throw refused(this.path, url, response);
      response.body.destroy();
      url = redirectTarget(response.headers, url, this.path);
    }
    throw unexpectedResponse(this.path, `more than ${MAX_REDIRECTS} redirects`);
  }

  /** Drops the connection, if there is one. */
  close(): void {
    this.#aborting.abort();
  }

  #getOnce(
    url: URL,
    headers: Readonly<Record<string, string>>,
    timeouts: ReadTimeouts,
  ): Promise<Dispatcher.ResponseData> {
    return remoteGet(
      url,
      {
        headers: { 'user-agent': 'aplos-upload-worker', ...headers },
        dispatcher: this.#access.dispatcher,
        signal: this.#aborting.signal,
        errors: sourceErrors(this.path),
        failed: (error) => connectionFailed(this.path, url, error),
      },
      timeouts,
    );
  }

  #assertUnencoded(response: Dispatcher.ResponseData): Dispatcher.ResponseData {
    if (!isEncoded(response)) return response;
    throw unexpectedResponse(this.path, 'an encoded file, although the request does not accept any encoding');
  }
}
