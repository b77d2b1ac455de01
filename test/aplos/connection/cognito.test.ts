import { describe, expect, it } from 'vitest';
import { initiateAuth } from '../../../src/aplos/connection/cognito.js';
import { type ErrorCode, errorTable } from '../../../src/contract/errors.js';
import { Secret } from '../../../src/util/secret.js';
import { apiOf, type Call, dispatcher, idToken, tokens } from '../../support/fake-aplos.js';
import { bodyOf, httpServer, socketServer } from '../../support/s3-servers.js';

/** Logs in to a stand-in for Cognito that returns the given response. */
async function logInWithResponse(status: number, body: unknown, headers: Record<string, string> = {}) {
  const calls: Call[] = [];
  const endpoint = await httpServer(async (request, response) => {
    const what = `${request.method} ${request.url}`;
    calls.push({ what, headers: request.headers, body: JSON.parse(`${await bodyOf(request)}`) });
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  return { calls, login: logInAt(endpoint) };
}

const logInAt = (endpoint: string) =>
  initiateAuth(
    { endpoint, clientId: 'client' },
    { AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: 'jane', PASSWORD: 'right' } },
    dispatcher(),
  );

describe('initiateAuth', () => {
  it('sends the documented request', async () => {
    const { calls, login } = await logInWithResponse(200, tokens('a token'));
    expect(await login).toEqual({ idToken: 'a token', refreshToken: 'refresh', expiresIn: 3600 });
    expect(calls).toMatchObject([
      {
        what: 'POST /',
        headers: {
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': 'AWSCognitoIdentityProviderService.InitiateAuth',
        },
      },
    ]);
    expect(calls[0]?.body).toEqual({
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId: 'client',
      AuthParameters: { USERNAME: 'jane', PASSWORD: 'right' },
    });
  });

  it('accepts a response without a refresh token', async () => {
    const { login } = await logInWithResponse(200, { AuthenticationResult: { IdToken: 'x', ExpiresIn: 60 } });
    expect(await login).toEqual({ idToken: 'x', expiresIn: 60 });
  });

  it.each<[type: string, message: string, status: number, code: ErrorCode]>([
    ['NotAuthorizedException', 'Incorrect username or password.', 400, 'LOGIN_REFUSED'],
    ['NotAuthorizedException', 'User is disabled.', 400, 'LOGIN_USER_UNKNOWN'],
    ['NotAuthorizedException', 'Password attempts exceeded', 400, 'LOGIN_THROTTLED'],
    ['InvalidPasswordException', 'Password too short', 400, 'LOGIN_REFUSED'],
    ['UserNotFoundException', 'User does not exist.', 400, 'LOGIN_USER_UNKNOWN'],
    ['UserNotConfirmedException', 'User is not confirmed.', 400, 'LOGIN_CHALLENGE'],
    ['PasswordResetRequiredException', 'Password reset required', 400, 'LOGIN_CHALLENGE'],
    ['TooManyRequestsException', 'Too many requests', 400, 'LOGIN_THROTTLED'],
    ['LimitExceededException', 'Attempt limit exceeded', 400, 'LOGIN_THROTTLED'],
    ['ThrottlingException', 'Rate exceeded', 400, 'LOGIN_THROTTLED'],
    ['InternalErrorException', 'Something went wrong', 500, 'LOGIN_UNAVAILABLE'],
    ['ServiceUnavailable', 'Try again', 503, 'LOGIN_UNAVAILABLE'],
    ['ResourceNotFoundException', 'User pool client client does not exist.', 400, 'LOGIN_UNEXPECTED'],
    [
      'InvalidParameterException',
      'USER_PASSWORD_AUTH flow not enabled for this client',
      400,
      'LOGIN_FLOW_UNSUPPORTED',
    ],
    ['InvalidParameterException', 'Initiate Auth method not supported.', 400, 'LOGIN_FLOW_UNSUPPORTED'],
    [
      'NotAuthorizedException',
      'Client c is configured with secret but SECRET_HASH was not received',
      400,
      'LOGIN_FLOW_UNSUPPORTED',
    ],
    ['com.amazonaws.cognito#NotAuthorizedException', 'Incorrect.', 400, 'LOGIN_REFUSED'],
  ])('given %s with the message "%s", throws an error with both', async (__type, message, status, code) => {
    const { login } = await logInWithResponse(status, { __type, message });
    const type = __type.split('#').at(-1);
    const retryable = errorTable[code].remedy === 'retry';
    await expect(login).rejects.toMatchObject({ code, retryable, details: { status } });
    await expect(login).rejects.toThrow(`Cognito refused the login: ${type}, ${message}`);
  });

  it.each<[what: string, status: number, body: unknown, code: ErrorCode]>([
    ['a 429 of a proxy', 429, 'slow down', 'LOGIN_THROTTLED'],
    ['a 502 of a proxy', 502, '<html>Bad gateway</html>', 'LOGIN_UNAVAILABLE'],
    ['a 404 of another server', 404, '<html>Not found</html>', 'LOGIN_UNEXPECTED'],
    ['an HTML page of a proxy', 200, '<html>Please wait</html>', 'LOGIN_UNAVAILABLE'],
    ['truncated JSON', 200, JSON.stringify(tokens()).slice(0, 40), 'LOGIN_UNAVAILABLE'],
    ['JSON of another shape', 200, { ok: true }, 'LOGIN_UNEXPECTED'],
    ['a challenge', 200, { ChallengeName: 'NEW_PASSWORD_REQUIRED', Session: 's' }, 'LOGIN_CHALLENGE'],
  ])('given %s, throws the matching code', async (_what, status, body, code) => {
    const { login } = await logInWithResponse(status, body);
    const retryable = errorTable[code].remedy === 'retry';
    await expect(login).rejects.toMatchObject({ code, retryable });
  });

  it.each([
    ['NEW_PASSWORD_REQUIRED', 'LOGIN_CHALLENGE', 'choose a new password, set it as COGNITO_PASSWORD'],
    ['SOFTWARE_TOKEN_MFA', 'LOGIN_CHALLENGE', 'turn off multi-factor authentication for this user'],
    ['PASSWORD_VERIFIER', 'LOGIN_FLOW_UNSUPPORTED', 'ALLOW_USER_PASSWORD_AUTH'],
    ['DEVICE_SRP_AUTH', 'LOGIN_CHALLENGE', 'Log in to Aplos NCA in a browser'],
    ['constructor', 'LOGIN_CHALLENGE', 'Log in to Aplos NCA in a browser'],
  ])('names the challenge %s, and says what to change and where', async (challenge, code, action) => {
    const { login } = await logInWithResponse(200, { ChallengeName: challenge });
    await expect(login).rejects.toMatchObject({ code, retryable: false });
    await expect(login).rejects.toThrow(challenge);
    await expect(login).rejects.toThrow(action);
  });

  it('throws an error with the delay of Retry-After', async () => {
    const body = { __type: 'TooManyRequestsException' };
    const { login } = await logInWithResponse(400, body, { 'Retry-After': '7' });
    await expect(login).rejects.toMatchObject({ code: 'LOGIN_THROTTLED', retryAfterMs: 7_000 });
  });

  it('throws a retryable error if the connection drops', async () => {
    const login = logInAt(await socketServer((socket) => void socket.once('data', () => socket.destroy())));
    await expect(login).rejects.toMatchObject({ code: 'LOGIN_UNAVAILABLE', retryable: true });
  });

  it('removes tokens from the message of Cognito', async () => {
    const token = idToken();
    const message = `'${token}' is not\na valid token, nor is Bearer ${token}.`;
    const { login } = await logInWithResponse(400, { __type: 'NotAuthorizedException', message });
    const error = await login.catch((caught: Error) => caught.message);
    expect(error).toContain("'[token]' is not a valid token, nor is Bearer [token]");
    expect(error).not.toContain(token.split('.')[1]);
  });
});

describe('an ID token', () => {
  it.each([
    ['that is not a JWT', 'x'],
    ['without tenant and user IDs', idToken({ sub: '1' })],
    ['with an empty user ID', idToken({ 'custom:aplos_user_id': '', 'custom:aplos_user_tenant_id': 't' })],
  ])('%s is rejected', async (_what, token) => {
    const endpoint = await httpServer((_request, response) => response.end(JSON.stringify(tokens(token))));
    const api = apiOf({
      apiUrl: endpoint,
      apiVersion: 'v1',
      startBody: 'v3',
      lookBackMs: 1,
      userName: 'jane',
      password: new Secret('right'),
      clientId: 'client',
      cognitoEndpoint: endpoint,
    });
    await expect(api.listExecutions()).rejects.toMatchObject({
      code: 'LOGIN_UNEXPECTED',
      happened: "Cannot log in: Cognito's token lacks the claims with the Aplos tenant and user IDs",
    });
  });
});
