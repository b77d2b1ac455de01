import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { type ErrorCode, UploadError } from '../../contract/errors.js';
import { jsonIn } from '../../contract/json.js';
import { callOnce, type HttpResponse } from '../../http/call.js';
import { retryAfterMs } from '../../http/retry-after.js';
import { shortenText } from '../../util/shorten-text.js';

/** Where to log in, and as which application. */
export interface CognitoPool {
  /** `https://cognito-idp.{region}.amazonaws.com/`, or a stand-in's URL. */
  readonly endpoint: string;
  readonly clientId: string;
}

/** What Cognito gives for a password or a refresh token. Secret. */
export interface CognitoTokens {
  /** The JWT for every call of the API. */
  readonly idToken: string;
  /** Absent when the login was itself a refresh. */
  readonly refreshToken?: string;
  /** Life of the id token from now, in seconds. */
  readonly expiresIn: number;
}

/** One of the ways to log in. */
export type AuthFlow =
  | {
      readonly AuthFlow: 'USER_PASSWORD_AUTH';
      readonly AuthParameters: { USERNAME: string; PASSWORD: string };
    }
  | { readonly AuthFlow: 'REFRESH_TOKEN_AUTH'; readonly AuthParameters: { REFRESH_TOKEN: string } };

const answerSchema = z.object({
  ChallengeName: z.string().nullish(),
  AuthenticationResult: z
    .object({
      IdToken: z.string().min(1),
      RefreshToken: z.string().nullish(),
      ExpiresIn: z.number().positive(),
    })
    .nullish(),
});

const refusalSchema = z.object({
  __type: z.string(),
  message: z.string().optional(),
  Message: z.string().optional(),
});

const CODES: Record<string, ErrorCode> = {
  InvalidPasswordException: 'LOGIN_REFUSED',
  UserNotFoundException: 'LOGIN_USER_UNKNOWN',
  UserNotConfirmedException: 'LOGIN_CHALLENGE',
  PasswordResetRequiredException: 'LOGIN_CHALLENGE',
  TooManyRequestsException: 'LOGIN_THROTTLED',
  LimitExceededException: 'LOGIN_THROTTLED',
  ThrottlingException: 'LOGIN_THROTTLED',
  InternalErrorException: 'LOGIN_UNAVAILABLE',
  ServiceUnavailable: 'LOGIN_UNAVAILABLE',
};

/**
 * One call of Cognito's InitiateAuth, by plain HTTP.
 *
 * @throws {@link UploadError} with a `LOGIN_…` code
 */
export async function initiateAuth(
  pool: CognitoPool,
  flow: AuthFlow,
  dispatcher: Dispatcher,
): Promise<CognitoTokens> {
  const answer = await callOnce(
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
    },
    dispatcher,
  );
  if (answer.status !== 200) throw refusal(answer);

  const body = jsonIn(answer.text);
  if (body === undefined)
    throw new UploadError('LOGIN_UNAVAILABLE', 'Cognito answered the login with something else than JSON');
  const parsed = answerSchema.safeParse(body);
  const challenge = parsed.data?.ChallengeName;
  if (challenge)
    throw new UploadError(
      'LOGIN_CHALLENGE',
      `Cognito answered the login with the challenge ${shortenText(challenge)}`,
    );
  const result = parsed.data?.AuthenticationResult;
  if (!result) throw new UploadError('LOGIN_UNEXPECTED', "Cognito's answer to the login holds no token");
  return {
    idToken: result.IdToken,
    expiresIn: result.ExpiresIn,
    ...(result.RefreshToken ? { refreshToken: result.RefreshToken } : {}),
  };
}

function refusal({ status, text, headers }: HttpResponse): UploadError {
  const parsed = refusalSchema.safeParse(jsonIn(text));
  const type = parsed.data?.__type.split('#').at(-1) ?? '';
  const words = shortenText(parsed.data?.message ?? parsed.data?.Message ?? '');
  const code =
    (type === 'NotAuthorizedException' ? codeOfNotAuthorized(words) : CODES[type]) ?? codeOfStatus(status);
  return new UploadError(
    code,
    `Cognito refused the login: ${[type || `status ${status}`, words].filter(Boolean).join(', ')}`,
    {
      details: { status },
      retryAfterMs: retryAfterMs(headers['retry-after']),
    },
  );
}

/** Cognito says this of a wrong password, and of a few things more, which only its words tell apart. */
function codeOfNotAuthorized(words: string): ErrorCode {
  if (/attempts exceeded/i.test(words)) return 'LOGIN_THROTTLED';
  return /disabled/i.test(words) ? 'LOGIN_USER_UNKNOWN' : 'LOGIN_REFUSED';
}

const codeOfStatus = (status: number): ErrorCode => {
  if (status === 429) return 'LOGIN_THROTTLED';
  return status >= 500 ? 'LOGIN_UNAVAILABLE' : 'LOGIN_UNEXPECTED';
};
