import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { UploadError } from '../../contract/errors.js';
import { jsonIn } from '../../contract/json.js';
import type { Secret } from '../../util/secret.js';
import { type AuthFlow, type CognitoPool, type CognitoTokens, initiateAuth } from './cognito.js';

/** A token and the ids that the API's paths are made of. `token` is secret. */
export interface Identity {
  readonly token: string;
  readonly tenantId: string;
  readonly userId: string;
}

/** A login that has ended, or the renewal of a token. */
export interface Login {
  readonly how: 'password' | 'refresh';
  /** Why it failed. Default: it went well */
  readonly error?: unknown;
}

/** What a session logs in with. */
export interface SessionOptions {
  /** Asked for once, at the first login: it may have to be discovered. */
  readonly pool: () => Promise<CognitoPool>;
  readonly userName: string;
  readonly password: Secret;
  readonly dispatcher: Dispatcher;
  /** Told of each login. Default: nobody is */
  readonly onLogin?: ((login: Login) => void) | undefined;
}

const claimsSchema = z.object({
  'custom:aplos_user_id': z.string().min(1),
  'custom:aplos_user_tenant_id': z.string().min(1),
});

/** A token is renewed when less than this share of its life, but at most five minutes, is left. */
const RENEW_SHARE = 0.2;
const RENEW_AT_MOST_MS = 5 * 60_000;
/** A service that refuses fresh tokens must not make us log in again with every call. */
const FORCED_RENEWAL_PAUSE_MS = 30_000;

/**
 * One login, shared by all calls of a profile in this process, and renewed before it runs out. Calls that
 * come while a login is under way wait for that same login.
 */
export class Session {
  readonly #options: SessionOptions;
  #pool: Promise<CognitoPool> | undefined;
  #identity: Identity | undefined;
  #renewAt = 0;
  #expiresAt = 0;
  #refreshToken: string | undefined;
  #login: Promise<Identity> | undefined;
  #lastForcedRenewal = Number.NEGATIVE_INFINITY;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /**
   * A token that is good for a while, or, while it cannot be renewed, for as long as it lasts.
   *
   * @throws {@link UploadError} with a `LOGIN_…` code, or an `API_…` code from the discovery of the pool
   */
  async identity(): Promise<Identity> {
    if (this.#identity && Date.now() < this.#renewAt) return this.#identity;
    try {
      return await this.#loginOnce();
    } catch (error) {
      if (this.#identity && Date.now() < this.#expiresAt) return this.#identity;
      throw error;
    }
  }

  /**
   * Another token than one that the service has refused; `undefined` when a renewal was forced just before
   * and did not help.
   */
  async replace(refused: Identity): Promise<Identity | undefined> {
    if (this.#identity && this.#identity.token !== refused.token) return this.#identity;
    if (!this.#login && Date.now() - this.#lastForcedRenewal < FORCED_RENEWAL_PAUSE_MS) return undefined;
    const identity = await this.#loginOnce();
    this.#lastForcedRenewal = Date.now();
    return identity;
  }

  #loginOnce(): Promise<Identity> {
    this.#login ??= this.#renew().finally(() => {
      this.#login = undefined;
    });
    return this.#login;
  }

  async #renew(): Promise<Identity> {
    return (await this.#refresh()) ?? (await this.#told('password', this.#passwordFlow()));
  }

  async #refresh(): Promise<Identity | undefined> {
    if (!this.#refreshToken) return undefined;
    try {
      return await this.#told('refresh', {
        AuthFlow: 'REFRESH_TOKEN_AUTH',
        AuthParameters: { REFRESH_TOKEN: this.#refreshToken },
      });
    } catch (error) {
      if (!(error instanceof UploadError) || error.retryable) throw error;
      this.#refreshToken = undefined;
      return undefined;
    }
  }

  async #told(how: Login['how'], flow: AuthFlow): Promise<Identity> {
    try {
      const identity = this.#keep(await initiateAuth(await this.#findPool(), flow, this.#options.dispatcher));
      this.#options.onLogin?.({ how });
      return identity;
    } catch (error) {
      this.#options.onLogin?.({ how, error });
      throw error;
    }
  }

  #findPool(): Promise<CognitoPool> {
    this.#pool ??= this.#options.pool().catch((error: unknown) => {
      this.#pool = undefined;
      throw error;
    });
    return this.#pool;
  }

  #passwordFlow() {
    return {
      AuthFlow: 'USER_PASSWORD_AUTH',
      AuthParameters: { USERNAME: this.#options.userName, PASSWORD: this.#options.password.reveal() },
    } as const;
  }

  #keep({ idToken, refreshToken, expiresIn }: CognitoTokens): Identity {
    const lifeMs = expiresIn * 1000;
    this.#identity = { token: idToken, ...idsOf(idToken) };
    this.#refreshToken = refreshToken ?? this.#refreshToken;
    this.#expiresAt = Date.now() + lifeMs;
    this.#renewAt = this.#expiresAt - Math.min(lifeMs * RENEW_SHARE, RENEW_AT_MOST_MS);
    return this.#identity;
  }
}

function idsOf(idToken: string): Omit<Identity, 'token'> {
  const claims = claimsSchema.safeParse(claimsOf(idToken));
  if (!claims.success) {
    throw new UploadError(
      'LOGIN_UNEXPECTED',
      "Cognito's token lacks the claims with the Aplos tenant and user ids",
    );
  }
  return {
    userId: claims.data['custom:aplos_user_id'],
    tenantId: claims.data['custom:aplos_user_tenant_id'],
  };
}

const claimsOf = (jwt: string): unknown =>
  jsonIn(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'));
