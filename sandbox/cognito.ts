import { randomBytes, randomUUID } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import type { SandboxUser } from './options.js';

/** A user with all IDs. */
export type Account = Required<Omit<SandboxUser, 'challenge'>> & Pick<SandboxUser, 'challenge'>;

/** A response of Cognito. */
export interface CognitoResponse {
  readonly status: number;
  readonly body: unknown;
}

/** Request body of InitiateAuth. */
export interface InitiateAuth {
  readonly AuthFlow?: unknown;
  readonly ClientId?: unknown;
  readonly AuthParameters?: Readonly<Record<string, unknown>>;
}

/** Amazon Cognito's InitiateAuth for the users of one user pool. */
export class Cognito {
  readonly clientId = randomBytes(13).toString('hex');
  readonly userPoolId = `us-east-1_${randomBytes(5).toString('hex')}`;
  readonly region = 'us-east-1';
  readonly accounts: readonly Account[];
  readonly #key = randomBytes(32);
  readonly #refreshTokens = new Map<string, Account>();
  readonly #revoked = new Set<string>();
  readonly #idTokenSeconds: number;
  readonly #secrets: Set<string>;

  /**
   * @param users users who may log in
   * @param idTokenSeconds lifetime of an ID token
   * @param secrets every password and issued token is added to it
   */
  constructor(users: readonly SandboxUser[], idTokenSeconds: number, secrets: Set<string>) {
    this.accounts = users.map((user) => ({ tenantId: randomUUID(), userId: randomUUID(), ...user }));
    this.#idTokenSeconds = idTokenSeconds;
    this.#secrets = secrets;
    for (const { password } of users) secrets.add(password);
  }

  /**
   * Handles one InitiateAuth request.
   *
   * @param expire whether to issue an expired ID token, or to treat the refresh token as expired
   */
  async initiateAuth(request: InitiateAuth, expire = false): Promise<CognitoResponse> {
    if (request.ClientId !== this.clientId)
      return refusal('ResourceNotFoundException', `User pool client ${request.ClientId} does not exist.`);
    const parameters = request.AuthParameters ?? {};
    switch (request.AuthFlow) {
      case 'USER_PASSWORD_AUTH':
        return this.#login(parameters, expire);
      case 'REFRESH_TOKEN_AUTH':
      case 'REFRESH_TOKEN':
        return this.#refresh(parameters, expire);
      default:
        return refusal('InvalidParameterException', 'Initiate Auth method not supported.');
    }
  }

  /** Returns the account of an ID token; `undefined` if the token is forged, revoked or expired. */
  async accountOf(idToken: string): Promise<Account | undefined> {
    if (this.#revoked.has(idToken)) return undefined;
    try {
      const { payload } = await jwtVerify(idToken, this.#key, { audience: this.clientId });
      if (payload.token_use !== 'id') return undefined;
      return this.accounts.find(({ userId }) => userId === payload['custom:aplos_user_id']);
    } catch {
      return undefined;
    }
  }

  /** Treats an ID token as expired from now on. */
  revoke(idToken: string): void {
    this.#revoked.add(idToken);
  }

  async #login(parameters: Readonly<Record<string, unknown>>, expire: boolean): Promise<CognitoResponse> {
    const { USERNAME, PASSWORD } = parameters;
    if (typeof USERNAME !== 'string' || typeof PASSWORD !== 'string')
      return refusal('InvalidParameterException', 'Missing required parameter USERNAME or PASSWORD');
    const account = this.accounts.find(({ userName }) => userName === USERNAME);
    if (!account) return refusal('UserNotFoundException', 'User does not exist.');
    if (account.password !== PASSWORD)
      return refusal('NotAuthorizedException', 'Incorrect username or password.');
    if (account.challenge) {
      const ChallengeParameters = { USER_ID_FOR_SRP: account.userId, requiredAttributes: '[]' };
      return {
        status: 200,
        body: {
          ChallengeName: account.challenge,
          ChallengeParameters,
          Session: randomBytes(60).toString('base64url'),
        },
      };
    }
    const RefreshToken = randomBytes(120).toString('base64url');
    this.#secrets.add(RefreshToken);
    this.#refreshTokens.set(RefreshToken, account);
    return this.#tokens(account, expire, { RefreshToken });
  }

  async #refresh(parameters: Readonly<Record<string, unknown>>, expire: boolean): Promise<CognitoResponse> {
    const token = String(parameters.REFRESH_TOKEN);
    if (expire) this.#refreshTokens.delete(token);
    const account = this.#refreshTokens.get(token);
    if (!account)
      return refusal(
        'NotAuthorizedException',
        expire ? 'Refresh Token has expired' : 'Invalid Refresh Token',
      );
    return this.#tokens(account, false, {});
  }

  async #tokens(account: Account, expired: boolean, more: object): Promise<CognitoResponse> {
    const lifetime = this.#idTokenSeconds;
    const now = Math.floor(Date.now() / 1000);
    const issuedAt = expired ? now - lifetime - 60 : now;
    const sign = (tokenUse: 'id' | 'access') =>
      new SignJWT({
        token_use: tokenUse,
        email: account.userName,
        'custom:aplos_user_id': account.userId,
        'custom:aplos_user_tenant_id': account.tenantId,
      })
        .setProtectedHeader({ alg: 'HS256', kid: 'sandbox' })
        .setSubject(account.userId)
        .setIssuer(`https://cognito-idp.${this.region}.amazonaws.com/${this.userPoolId}`)
        .setAudience(this.clientId)
        .setJti(randomUUID())
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + lifetime)
        .sign(this.#key);
    const [IdToken, AccessToken] = await Promise.all([sign('id'), sign('access')]);
    this.#secrets.add(IdToken).add(AccessToken);
    return {
      status: 200,
      body: {
        AuthenticationResult: { AccessToken, ExpiresIn: lifetime, IdToken, TokenType: 'Bearer', ...more },
        ChallengeParameters: {},
      },
    };
  }
}

/** Builds an error response as Cognito does. */
export const refusal = (type: string, message: string): CognitoResponse => ({
  status: 400,
  body: { __type: type, message },
});
