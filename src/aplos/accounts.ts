import type { Dispatcher } from 'undici';
import { UploadError } from '../contract/errors.js';
import type { AplosProfile } from '../settings/settings.js';
import type { AplosApi } from './api.js';
import { findPool } from './connection/discovery.js';
import { type Login, Session } from './connection/session.js';
import { AplosV1 } from './v1/v1.js';

/** The Aplos accounts that this process has, each with one login shared by everything in it. */
export class AplosAccounts {
  readonly #profiles: ReadonlyMap<string, AplosProfile>;
  readonly #dispatcher: Dispatcher;
  readonly #onLogin: (profileName: string, login: Login) => void;
  readonly #accounts = new Map<string, Account>();

  /** @param onLogin told of each login, and each renewal of a token. Default: nobody is */
  constructor(
    profiles: ReadonlyMap<string, AplosProfile>,
    dispatcher: Dispatcher,
    onLogin: (profileName: string, login: Login) => void = () => {},
  ) {
    this.#profiles = profiles;
    this.#dispatcher = dispatcher;
    this.#onLogin = onLogin;
  }

  /**
   * The API, as one profile.
   *
   * @throws {@link UploadError} `PROFILE_UNKNOWN`
   */
  api(profileName: string): AplosApi {
    return this.#account(profileName).api;
  }

  /**
   * Logs in, unless there is a login that lasts.
   *
   * @throws {@link UploadError} `PROFILE_UNKNOWN`, one with a `LOGIN_…` code, or an `API_…` code from the discovery of the pool
   */
  async logIn(profileName: string): Promise<void> {
    await this.#account(profileName).session.identity();
  }

  #account(profileName: string): Account {
    const known = this.#accounts.get(profileName);
    if (known) return known;
    const profile = this.#profiles.get(profileName);
    if (!profile) throw this.#unknown(profileName);
    const account = connect(profile, this.#dispatcher, (login) => this.#onLogin(profileName, login));
    this.#accounts.set(profileName, account);
    return account;
  }

  #unknown(profileName: string): UploadError {
    const names = [...this.#profiles.keys()].map((name) => `"${name}"`).join(', ');
    return new UploadError(
      'PROFILE_UNKNOWN',
      `This worker has no Aplos profile "${profileName}"; it has ${names || 'none'}`,
    );
  }
}

interface Account {
  readonly session: Session;
  readonly api: AplosApi;
}

function connect(profile: AplosProfile, dispatcher: Dispatcher, onLogin: (login: Login) => void): Account {
  const { apiUrl, userName, password, clientId, region, cognitoEndpoint } = profile;
  const session = new Session({
    pool: () => findPool({ apiUrl, clientId, region, endpoint: cognitoEndpoint }, dispatcher),
    userName,
    password,
    dispatcher,
    onLogin,
  });
  return { session, api: new AplosV1({ apiUrl, session, dispatcher }) };
}
