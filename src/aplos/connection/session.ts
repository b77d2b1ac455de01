import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { UploadError } from '../../contract/errors.js';
import { tryParseJson } from '../../contract/parse-json.js';
import type { Secret } from '../../util/secret.js';
import { idSchema } from '../fields.js';
import { type AuthFlow, type CognitoPool, type CognitoTokens, initiateAuth } from './cognito.js';

/** A token, and the IDs in the paths of the API. `token` is secret. */
export interface Identity {
  readonly token: string;
  readonly tenantId: string;
  readonly userId: string;
}

/** A finished login or token renewal. */
export interface Login {
  readonly method: 'password' | 'refresh';
  /** Error of a failed login; absent if it succeeded. */
  readonly error?: unknown;
}

/** Settings of a session. */
export interface SessionOptions {
  /** Called at the first login. */
  readonly findPool: () => Promise<CognitoPool>;
  readonly userName: string;
  readonly password: Secret;
  readonly dispatcher: Dispatcher;
  /** Called after every login and token renewal, successful or not. Default: not called */
  readonly onLogin?: ((login: Login) => void) | undefined;
}

const claimsSchema = z.object({
  'custom:aplos_user_id': idSchema,
  'custom:aplos_user_tenant_id': idSchema,
});

/** A token is renewed when this share of its lifetime is left, but not earlier than five minutes before it expires. */
const RENEWAL_SHARE = 0.2;
const MAX_RENEWAL_LEAD_MS = 5 * 60_000;
/** Limits the logins if Aplos refuses fresh tokens. */
const MIN_FORCED_RENEWAL_INTERVAL_MS = 30_000;

/**
 * The login of one profile in this process, shared by all its calls and renewed before it expires. Calls made while a
 * login is in progress wait for that login.
 */
export class Session {
  readonly #options: SessionOptions;
  #pool: Promise<CognitoPool> | undefined;
  #identity: Identity | undefined;
  #renewAt = 0;
  #expiresAt = 0;
  #refreshToken: string | undefined;
  #loginInProgress: Promise<Identity> | undefined;
  #acceptedToken: string | undefined;
  #lastForcedRenewal = Number.NEGATIVE_INFINITY;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /**
   * Returns the identity with a token that does not expire soon. If the renewal fails, returns the current one until it
   * expires.
   *
   * @throws {@link UploadError} with a `LOGIN_…` code, or an `API_…` code from the discovery of the pool
   */
  async identity(): Promise<Identity> {
    if (this.#identity && Date.now() < this.#renewAt) return this.#identity;
    try {
      return await this.#loginOnce(() => this.#renew());
    } catch (error) {
      if (this.#identity && Date.now() < this.#expiresAt) return this.#identity;
      throw error;
    }
  }

  /** Records that Aplos accepted a token. */
  accepted({ token }: Identity): void {
    this.#acceptedToken = token;
  }

  /**
   * Returns an identity with a newer token than one that Aplos refused. Waits if the last token was renewed for this reason
   * less than 30 s ago, unless Aplos has accepted none of its calls: then the account lacks a permission, and there is no newer
   * token.
   *
   * @throws the signal's reason if aborted
   */
  async replace(refused: Identity, signal?: AbortSignal): Promise<Identity | undefined> {
    for (;;) {
      if (this.#identity && this.#identity.token !== refused.token) return this.#identity;
      const restMs = this.#lastForcedRenewal + MIN_FORCED_RENEWAL_INTERVAL_MS - Date.now();
      if (this.#loginInProgress || restMs <= 0) break;
      if (this.#acceptedToken !== refused.token) return undefined;
      await sleep(restMs, undefined, { signal });
    }
    const identity = await this.#loginOnce(() => this.#logInWithPassword());
    this.#acceptedToken = undefined; // Cognito may return the refused token again
    this.#lastForcedRenewal = Date.now();
    return identity;
  }

  #loginOnce(logIn: () => Promise<Identity>): Promise<Identity> {
    this.#loginInProgress ??= logIn().finally(() => {
      this.#loginInProgress = undefined;
    });
    return this.#loginInProgress;
  }

  async #renew(): Promise<Identity> {
    return (await this.#refresh()) ?? (await this.#logInWithPassword());
  }

  #logInWithPassword(): Promise<Identity> {
    const { userName, password } = this.#options;
    return this.#logIn('password', {
      AuthFlow: 'USER_PASSWORD_AUTH',
      AuthParameters: { USERNAME: userName, PASSWORD: password.reveal() },
    });
  }

  async #refresh(): Promise<Identity | undefined> {
    if (!this.#refreshToken) return undefined;
    try {
      return await this.#logIn('refresh', {
        AuthFlow: 'REFRESH_TOKEN_AUTH',
        AuthParameters: { REFRESH_TOKEN: this.#refreshToken },
      });
    } catch (error) {
      if (!(error instanceof UploadError) || error.retryable) throw error;
      this.#refreshToken = undefined;
      return undefined;
    }
  }

  async #logIn(method: Login['method'], flow: AuthFlow): Promise<Identity> {
    try {
      const identity = this.#store(
        await initiateAuth(await this.#findPool(), flow, this.#options.dispatcher),
      );
      this.#options.onLogin?.({ method });
      return identity;
    } catch (error) {
      this.#options.onLogin?.({ method, error });
      throw error;
    }
  }

  #findPool(): Promise<CognitoPool> {
    this.#pool ??= this.#options.findPool().catch((error: unknown) => {
      this.#pool = undefined;
      throw error;
    });
    return this.#pool;
  }

  #store({ idToken, refreshToken, expiresIn }: CognitoTokens): Identity {
    const lifetimeMs = expiresIn * 1000;
    this.#identity = { token: idToken, ...idsOf(idToken) };
    this.#refreshToken = refreshToken ?? this.#refreshToken;
    this.#expiresAt = Date.now() + lifetimeMs;
    this.#renewAt = this.#expiresAt - Math.min(lifetimeMs * RENEWAL_SHARE, MAX_RENEWAL_LEAD_MS);
    return this.#identity;
  }
}

function idsOf(idToken: string): Omit<Identity, 'token'> {
  const claims = claimsSchema.safeParse(claimsOf(idToken));
  if (!claims.success) {
    throw new UploadError(
      'LOGIN_UNEXPECTED',
      "Cannot log in: Cognito's token lacks the claims with the Aplos tenant and user IDs",
    );
  }
  return {
    userId: claims.data['custom:aplos_user_id'],
    tenantId: claims.data['custom:aplos_user_tenant_id'],
  };
}

const claimsOf = (jwt: string): unknown =>
  tryParseJson(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'));
