import type { Dispatcher } from 'undici';
import type { AplosProfile } from '../config.js';
import { UploadError } from '../contract/errors.js';
import type { AplosApi } from './api.js';
import { findPool } from './discovery.js';
import { Session } from './session.js';
import { AplosV1 } from './v1.js';

/** The Aplos accounts that this process has, each with one login shared by everything in it. */
export class AplosAccounts {
  readonly #profiles: ReadonlyMap<string, AplosProfile>;
  readonly #dispatcher: Dispatcher;
  readonly #apis = new Map<string, AplosApi>();

  constructor(profiles: ReadonlyMap<string, AplosProfile>, dispatcher: Dispatcher) {
    this.#profiles = profiles;
    this.#dispatcher = dispatcher;
  }

  /**
   * The API, as one profile.
   *
   * @throws {@link UploadError} `PROFILE_UNKNOWN`
   */
  api(profileName: string): AplosApi {
    const known = this.#apis.get(profileName);
    if (known) return known;
    const profile = this.#profiles.get(profileName);
    if (!profile) throw this.#unknown(profileName);
    const api = connect(profile, this.#dispatcher);
    this.#apis.set(profileName, api);
    return api;
  }

  #unknown(profileName: string): UploadError {
    const names = [...this.#profiles.keys()].map((name) => `"${name}"`).join(', ');
    return new UploadError(
      'PROFILE_UNKNOWN',
      `This worker has no Aplos profile "${profileName}"; it has ${names || 'none'}`,
    );
  }
}

function connect(profile: AplosProfile, dispatcher: Dispatcher): AplosApi {
  const { apiUrl, userName, password, clientId, region, cognitoEndpoint } = profile;
  const session = new Session({
    pool: () => findPool({ apiUrl, clientId, region, endpoint: cognitoEndpoint }, dispatcher),
    userName,
    password,
    dispatcher,
  });
  return new AplosV1({ apiUrl, session, dispatcher });
}
