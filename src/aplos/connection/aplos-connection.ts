import type { Dispatcher } from 'undici';
import type { z } from 'zod';
import { callOnce, type HttpCall, type HttpResponse } from '../../http/call.js';
import type { AplosProfile } from '../../settings/settings.js';
import type { ApiVersion } from '../api.js';
import { CallGate } from './call-gate.js';
import { findPool, findVersion } from './discovery.js';
import { HostConfiguration } from './host-configuration.js';
import { RESPONSE_LIMITS, type ResponseKind } from './response-limits.js';
import { errorFromResponse, isRefusedByService, readResponse } from './responses.js';
import { type Identity, type Login, Session } from './session.js';

/** One call of the API. */
export interface ApiCall<Schema extends z.ZodType> {
  /** Purpose of the call in the imperative, for error messages: `presign pk.csv`. */
  readonly purpose: string;
  readonly method: 'GET' | 'POST';
  /** Path below that of the user or the tenant, e.g. `/nca/files`. */
  readonly path: string;
  /** Path between the base URL of the API and `/tenants`, e.g. `/v3`. Default: none */
  readonly root?: string;
  /** Owner of the path. Default: `user` */
  readonly scope?: 'user' | 'tenant';
  /** Sent as JSON. Default: no body */
  readonly body?: unknown;
  /** Kind of response. It limits the size of the response. */
  readonly kind: Exclude<ResponseKind, 'login' | 'discovery'>;
  /** Schema of a successful response. */
  readonly response: Schema;
  /** See {@link HttpCall.beforeSending}. It is called whenever the call is made: again after the token was renewed. */
  readonly beforeSending?: HttpCall['beforeSending'];
}

/** The first one may join a renewal that was in progress. */
const MAX_RENEWALS = 2;

/** Makes calls to the API as the user of one profile. All calls share one login and one limit for concurrent calls. */
export class AplosConnection {
  readonly #apiUrl: string;
  readonly #dispatcher: Dispatcher;
  readonly #host: HostConfiguration;
  readonly #session: Session;
  readonly #gate = new CallGate();

  /** @param onLogin called after every login and token renewal, successful or not */
  constructor(profile: AplosProfile, dispatcher: Dispatcher, onLogin: (login: Login) => void) {
    const { apiUrl, apiVersion, userName, password, clientId, region, cognitoEndpoint: endpoint } = profile;
    this.#apiUrl = apiUrl;
    this.#dispatcher = dispatcher;
    this.#host = new HostConfiguration(apiUrl, apiVersion, dispatcher);
    this.#session = new Session({
      findPool: () => findPool({ apiUrl, clientId, region, endpoint }, dispatcher, this.#host),
      userName,
      password,
      dispatcher,
      onLogin,
    });
  }

  /**
   * Logs in, unless the current token is still valid.
   *
   * @throws {@link UploadError} with a `LOGIN_…` code, or an `API_…` code from the discovery of the user pool
   */
  async logIn(): Promise<void> {
    await this.#session.identity();
  }

  /**
   * Returns the ID of the user's tenant. Logs in if necessary.
   *
   * @throws {@link UploadError} as {@link logIn} does
   */
  async tenantId(): Promise<string> {
    return (await this.#session.identity()).tenantId;
  }

  /**
   * Returns the version of the API that the host speaks.
   *
   * @param since earliest time at which the host was asked, by `performance.now()`. Default: whenever it was
   * @throws {@link UploadError} with an `API_…` code
   */
  version(since?: number): Promise<ApiVersion> {
    return findVersion(this.#host, since);
  }

  /** See {@link HostConfiguration.isLost}. */
  get hasLostHost(): boolean {
    return this.#host.isLost;
  }

  /**
   * Makes one call, with a renewed token if the current one is refused.
   *
   * @param signal prevents the call if it is waiting, and interrupts a GET; a POST may already have taken effect
   * @throws {@link UploadError} with an `API_…` or `LOGIN_…` code
   * @throws the signal's reason if aborted
   */
  async call<Schema extends z.ZodType>(
    call: ApiCall<Schema>,
    signal?: AbortSignal,
  ): Promise<z.output<Schema>> {
    const response = await this.#send(call, signal);
    if (response.status < 200 || response.status > 299) throw errorFromResponse(call.purpose, response);
    return readResponse(call.purpose, response, call.response);
  }

  async #send(call: ApiCall<z.ZodType>, signal?: AbortSignal): Promise<HttpResponse> {
    await this.#session.identity();
    for (let renewals = 0; ; renewals++) {
      let identity: Identity | undefined;
      const response = await this.#gate.pass(
        call.purpose,
        async () => {
          // Again, because a call may wait for longer than a token lasts.
          identity = await this.#session.identity();
          return this.#sendAs(identity, call, signal);
        },
        signal,
        // A limit of executions is no reason to pause uploads.
        (refusal) => call.kind !== 'start' || !isRefusedByService(refusal),
      );
      if (!identity) return response;
      if (response.status !== 401 && response.status !== 403) {
        this.#session.accepted(identity);
        return response;
      }
      const newer = renewals < MAX_RENEWALS ? await this.#session.replace(identity, signal) : undefined;
      if (!newer) return response;
    }
  }

  #sendAs(
    { token, tenantId, userId }: Identity,
    { purpose, method, root = '', scope, path, body, kind, beforeSending }: ApiCall<z.ZodType>,
    signal?: AbortSignal,
  ): Promise<HttpResponse> {
    const tenant = `${this.#apiUrl}${root}/tenants/${encodeURIComponent(tenantId)}`;
    const owner = scope === 'tenant' ? tenant : `${tenant}/users/${encodeURIComponent(userId)}`;
    const httpCall = {
      purpose,
      method,
      url: `${owner}${path}`,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      unreachable: 'API_UNREACHABLE',
      oversized: 'API_ANSWER_UNEXPECTED',
      maxBytes: RESPONSE_LIMITS[kind],
      beforeSending,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    } as const;
    const interrupting = method === 'GET' ? signal : undefined;
    return callOnce(httpCall, this.#dispatcher, interrupting);
  }
}
