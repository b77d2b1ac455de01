import type { Dispatcher } from 'undici';
import { UploadError } from '../contract/errors.js';
import type { AplosProfile } from '../settings/settings.js';
import { quote } from '../util/quote.js';
import type { AplosApi } from './api.js';
import { AplosConnection, type Login } from './connection.js';
import { shareList } from './share-list.js';
import { AplosV1 } from './v1/v1.js';

/** Implementation of each version of the API. */
const dialects: Record<AplosProfile['apiVersion'], new (connection: AplosConnection) => AplosApi> = {
  v1: AplosV1,
};

/** The Aplos accounts of this process. All users of an account share one login. */
export class AplosAccounts {
  readonly #profiles: ReadonlyMap<string, AplosProfile>;
  readonly #dispatcher: Dispatcher;
  readonly #onLogin: (profileName: string, login: Login) => void;
  readonly #accounts = new Map<string, Account>();

  /** @param onLogin called after every login and token renewal, successful or not. Default: not called */
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
   * Returns the API as the user of a profile.
   *
   * @throws {@link UploadError} `PROFILE_UNKNOWN`
   */
  api(profileName: string): AplosApi {
    return this.#account(profileName).api;
  }

  /**
   * Logs in, unless the current token is still valid.
   *
   * @throws {@link UploadError} `PROFILE_UNKNOWN`, a `LOGIN_…` code, or an `API_…` code from the discovery of the user pool
   */
  async logIn(profileName: string): Promise<void> {
    await this.#account(profileName).connection.logIn();
  }

  #account(profileName: string): Account {
    const existing = this.#accounts.get(profileName);
    if (existing) return existing;
    const profile = this.#profiles.get(profileName);
    if (!profile) throw this.#profileUnknown(profileName);
    const connection = new AplosConnection(profile, this.#dispatcher, (login) =>
      this.#onLogin(profileName, login),
    );
    const account = { connection, api: shareList(new dialects[profile.apiVersion](connection)) };
    this.#accounts.set(profileName, account);
    return account;
  }

  #profileUnknown(profileName: string): UploadError {
    const names = [...this.#profiles.keys()].map(quote).join(', ');
    return new UploadError(
      'PROFILE_UNKNOWN',
      `This worker has no Aplos profile ${quote(profileName)}; it has ${names || 'none'}`,
    );
  }
}

interface Account {
  readonly connection: AplosConnection;
  readonly api: AplosApi;
}
