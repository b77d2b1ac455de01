import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { S3Bucket } from '../../sandbox/object-store.js';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.js';
import { newBucket } from '../support/bucket.js';
import { call, initiateAuth, logIn, send } from '../support/sandbox-client.js';

let s3: S3Bucket;
let sandbox: Sandbox;

beforeAll(async () => {
  s3 = await newBucket();
  sandbox = await startSandbox({
    s3,
    users: [
      { userName: 'jane@example.com', password: 'right' },
      { userName: 'new@example.com', password: 'right', challenge: 'NEW_PASSWORD_REQUIRED' },
    ],
  });
}, 60_000);

afterAll(async () => {
  await sandbox?.stop();
});

const login = (USERNAME: string, PASSWORD: string, changes?: object) =>
  initiateAuth(sandbox, 'USER_PASSWORD_AUTH', { USERNAME, PASSWORD }, changes);

describe('a login to the sandbox', () => {
  it('returns an ID token with the IDs of the path as claims', async () => {
    const { status, body } = await login('jane@example.com', 'right');
    expect(status).toBe(200);
    expect(body.AuthenticationResult?.ExpiresIn).toBe(3600);
    expect(decodeJwt(body.AuthenticationResult?.IdToken ?? '')).toMatchObject({
      'custom:aplos_user_id': sandbox.userId,
      'custom:aplos_user_tenant_id': sandbox.tenantId,
      token_use: 'id',
    });
  });

  it.each([
    ['a wrong password', 'jane@example.com', 'wrong', {}, 'NotAuthorizedException'],
    ['an unknown user', 'nobody@example.com', 'right', {}, 'UserNotFoundException'],
    ['a wrong client id', 'jane@example.com', 'right', { ClientId: 'x' }, 'ResourceNotFoundException'],
  ])('with %s is refused as Cognito does', async (_what, userName, password, changes, type) => {
    const { status, body } = await login(userName, password, changes);
    expect([status, body.__type]).toEqual([400, type]);
  });

  it('returns a challenge for a user who has to act first', async () => {
    const { status, body } = await login('new@example.com', 'right');
    expect([status, body.ChallengeName, body.AuthenticationResult]).toEqual([
      200,
      'NEW_PASSWORD_REQUIRED',
      undefined,
    ]);
  });

  it('is throttled or returns an expired token on request', async () => {
    sandbox.faults.add({ route: 'login', status: 400 });
    expect((await login('jane@example.com', 'right')).body.__type).toBe('TooManyRequestsException');
    sandbox.faults.add({ route: 'login', expire: 'token' });
    const expired = await logIn(sandbox);
    expect((await call(sandbox, expired, 'GET', '/metrics')).status).toBe(403);
  });
});

describe('a token refresh in the sandbox', () => {
  it('returns an ID token and no refresh token', async () => {
    const { body } = await login('jane@example.com', 'right');
    const REFRESH_TOKEN = body.AuthenticationResult?.RefreshToken;
    const refreshed = await initiateAuth(sandbox, 'REFRESH_TOKEN_AUTH', { REFRESH_TOKEN });
    expect(refreshed.status).toBe(200);
    expect(refreshed.body.AuthenticationResult).not.toHaveProperty('RefreshToken');
    const idToken = refreshed.body.AuthenticationResult?.IdToken ?? '';
    expect((await call(sandbox, idToken, 'GET', '/metrics')).status).toBe(200);
  });

  it('is refused if its token is unknown or has expired', async () => {
    const unknown = await initiateAuth(sandbox, 'REFRESH_TOKEN_AUTH', { REFRESH_TOKEN: 'x' });
    expect([unknown.status, unknown.body.__type]).toEqual([400, 'NotAuthorizedException']);
    const { body } = await login('jane@example.com', 'right');
    sandbox.faults.add({ route: 'refresh', expire: 'token' });
    const REFRESH_TOKEN = body.AuthenticationResult?.RefreshToken;
    const expired = await initiateAuth(sandbox, 'REFRESH_TOKEN_AUTH', { REFRESH_TOKEN });
    expect(expired.body.__type).toBe('NotAuthorizedException');
  });
});

describe('the API of the sandbox', () => {
  it('returns the client ID and region without authentication', async () => {
    const { body } = await send(`${sandbox.apiUrl}/app/configuration`);
    expect(body).toMatchObject({
      idp: { Auth: { Cognito: { region: sandbox.region, userPoolClientId: sandbox.clientId } } },
    });
  });

  it('responds with 403 to a forged token, the path of another user, and an unknown path', async () => {
    const token = await logIn(sandbox);
    expect((await call(sandbox, `${token}x`, 'GET', '/metrics')).status).toBe(403);
    expect((await call({ ...sandbox, userId: 'x' }, token, 'GET', '/metrics')).status).toBe(403);
    const unknown = await call(sandbox, token, 'GET', '/nca/nothing');
    expect([unknown.status, unknown.body]).toEqual([403, { message: 'Missing Authentication Token' }]);
  });

  it('responds with 403 after a token has expired', async () => {
    const brief = await startSandbox({ s3, idTokenSeconds: 0 });
    expect((await call(brief, await logIn(brief), 'GET', '/metrics')).status).toBe(403);
    await brief.stop();
  });
});
