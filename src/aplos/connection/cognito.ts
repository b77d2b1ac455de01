import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { type ErrorCode, UploadError } from '../../contract/errors.js';
import { tryParseJson } from '../../contract/parse-json.js';
import { callOnce, type HttpResponse } from '../../http/call.js';
import { retryAfterMs } from '../../http/retry-after.js';
import { shortenText } from '../../util/shorten-text.js';
import { obstacleOfChallenge, obstacleOfError } from './login-actions.js';
import { RESPONSE_LIMITS } from './response-limits.js';

/** A Cognito user pool, and the application that logs in to it. */
export interface CognitoPool {
  /** `https://cognito-idp.{region}.{domain of AWS}/`, or the URL of a stand-in. */
  readonly endpoint: string;
  readonly clientId: string;
}

/** Tokens that Cognito issues for a password or a refresh token. Secret. */
export interface CognitoTokens {
  /** JWT for calls to the API. */
  readonly idToken: string;
  /** Absent if the login used a refresh token. */
  readonly refreshToken?: string;
  /** Lifetime of the ID token from now, in seconds. */
  readonly expiresIn: number;
}

/** Parameters of a login with a password or a refresh token. */
export type AuthFlow =
  | {
      readonly AuthFlow: 'USER_PASSWORD_AUTH';
      readonly AuthParameters: { USERNAME: string; PASSWORD: string };
    }
  | { readonly AuthFlow: 'REFRESH_TOKEN_AUTH'; readonly AuthParameters: { REFRESH_TOKEN: string } };

/** Tokens are sent in a header, so their size and characters are limited. */
const tokenSchema = z.string().regex(/^[\x20-\x7e]{1,16384}$/);
/** Cognito's maximum is one day for ID tokens. */
const MAX_LIFETIME_SECONDS = 7 * 24 * 60 * 60;

const loginSchema = z.object({
  ChallengeName: z.string().nullish(),
  AuthenticationResult: z
    .object({
      IdToken: tokenSchema,
      RefreshToken: tokenSchema.nullish(),
      ExpiresIn: z.number().positive().max(MAX_LIFETIME_SECONDS),
    })
    .nullish(),
});

const refusalSchema = z.object({
  __type: z.string(),
  message: z.string().optional(),
  Message: z.string().optional(),
});

const codesByType: ReadonlyMap<string, ErrorCode> = new Map(
  Object.entries({
    InvalidPasswordException: 'LOGIN_REFUSED',
    UserNotFoundException: 'LOGIN_USER_UNKNOWN',
    UserNotConfirmedException: 'LOGIN_CHALLENGE',
    PasswordResetRequiredException: 'LOGIN_CHALLENGE',
    TooManyRequestsException: 'LOGIN_THROTTLED',
    LimitExceededException: 'LOGIN_THROTTLED',
    ThrottlingException: 'LOGIN_THROTTLED',
    InternalErrorException: 'LOGIN_UNAVAILABLE',
    ServiceUnavailable: 'LOGIN_UNAVAILABLE',
  } as const),
);

/**
 * Logs in with Cognito's operation InitiateAuth.
 *
 * @throws {@link UploadError} with a `LOGIN_…` code
 */
export async function initiateAuth(
  pool: CognitoPool,
  flow: AuthFlow,
  dispatcher: Dispatcher,
): Promise<CognitoTokens> {
  const response = await callOnce(
    {
      purpose: 'log in',
      method: 'POST',
      url: pool.endpoint,
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'AWSCognitoIdentityProviderService.InitiateAuth',
      },
      body: JSON.stringify({ ...flow, ClientId: pool.clientId }),
      unreachable: 'LOGIN_UNAVAILABLE',
      oversized: 'LOGIN_UNEXPECTED',
      maxBytes: RESPONSE_LIMITS.login,
    },
    dispatcher,
  );
  if (response.status !== 200) throw refusal(response);

  const body = tryParseJson(response.text);
  if (body === undefined)
    throw new UploadError('LOGIN_UNAVAILABLE', 'Cannot log in: Cognito returned text that is not JSON');
  const parsed = loginSchema.safeParse(body);
  const challenge = parsed.data?.ChallengeName;
  if (challenge) {
    const { code, ...options } = obstacleOfChallenge(challenge);
    const happened = `Cannot log in: Cognito requires the challenge ${shortenText(challenge)}`;
    throw new UploadError(code, happened, options);
  }
  const result = parsed.data?.AuthenticationResult;
  if (!result)
    throw new UploadError('LOGIN_UNEXPECTED', "Cannot log in: Cognito's response contains no token");
  return {
    idToken: result.IdToken,
    expiresIn: result.ExpiresIn,
    ...(result.RefreshToken ? { refreshToken: result.RefreshToken } : {}),
  };
}

function refusal({ status, text, headers }: HttpResponse): UploadError {
  const parsed = refusalSchema.safeParse(tryParseJson(text));
  const type = parsed.data?.__type.split('#').at(-1) ?? '';
  const message = shortenText(parsed.data?.message ?? parsed.data?.Message ?? '');
  const obstacle = obstacleOfError(type, message);
  const code =
    obstacle?.code ??
    (type === 'NotAuthorizedException' ? codeOfNotAuthorized(message) : codesByType.get(type)) ??
    codeOfStatus(status);
  return new UploadError(
    code,
    `Cognito refused the login: ${[shortenText(type) || `status ${status}`, message].filter(Boolean).join(', ')}`,
    {
      details: { status },
      retryAfterMs: retryAfterMs(headers['retry-after']),
      ...(obstacle?.action === undefined ? {} : { action: obstacle.action }),
    },
  );
}

/** Cognito uses `NotAuthorizedException` for a wrong password and for other cases; only its message differs. */
function codeOfNotAuthorized(message: string): ErrorCode {
  if (/attempts exceeded/i.test(message)) return 'LOGIN_THROTTLED';
  return /disabled/i.test(message) ? 'LOGIN_USER_UNKNOWN' : 'LOGIN_REFUSED';
}

const codeOfStatus = (status: number): ErrorCode => {
  if (status === 429) return 'LOGIN_THROTTLED';
  return status >= 500 ? 'LOGIN_UNAVAILABLE' : 'LOGIN_UNEXPECTED';
};
