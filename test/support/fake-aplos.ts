import type { IncomingHttpHeaders } from 'node:http';
import { Agent } from 'undici';
import { onTestFinished } from 'vitest';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/sandbox.js';
import { AplosAccounts } from '../../src/aplos/accounts.js';
import type { AplosApi } from '../../src/aplos/api.js';
import type { AplosProfile } from '../../src/settings/settings.js';
import { Secret } from '../../src/util/secret.js';
import { bodyOf, httpServer } from './s3-servers.js';

/** Creates a dispatcher that is destroyed after the test. */
export function dispatcher(): Agent {
  const agent = new Agent();
  onTestFinished(() => agent.destroy());
  return agent;
}

/** Creates the API as the user of a profile. */
export function apiOf(profile: AplosProfile): AplosApi {
  return new AplosAccounts(new Map([['default', profile]]), dispatcher()).api('default');
}

/** Starts a sandbox that is stopped after the test, and creates the API as its user. */
export async function account(
  options: SandboxOptions,
  changes: Partial<AplosProfile> = {},
): Promise<{ sandbox: Sandbox; api: AplosApi }> {
  const sandbox = await startSandbox(options);
  onTestFinished(() => sandbox.stop());
  return { sandbox, api: apiOf({ ...profileOf(sandbox), ...changes }) };
}

/** Returns the profile of a sandbox's user. */
export const profileOf = ({ apiUrl, cognitoUrl, user }: Sandbox): AplosProfile => ({
  apiUrl,
  apiVersion: 'v1',
  startBody: 'v3',
  lookBackMs: 365 * 24 * 3_600_000,
  userName: user.userName,
  password: new Secret(user.password),
  cognitoEndpoint: cognitoUrl,
});

/** A request that the stand-in for Aplos received. */
export interface Call {
  /** Method and path: `POST /tenants/t/users/u/nca/files`. */
  readonly what: string;
  readonly headers: IncomingHttpHeaders;
  /** Parsed JSON body. */
  readonly body: unknown;
}

/** A response of the stand-in: JSON, or a string as it is. */
export interface FakeResponse {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body: unknown;
}

/** Starts a stand-in for Aplos that accepts any login, returns the same response to every call, and records the calls. */
export async function apiResponding(
  fake: FakeResponse,
  changes: Partial<AplosProfile> = {},
): Promise<{
  api: AplosApi;
  calls: Call[];
  /** Sets another response for the calls for which the function returns one. */
  setResponse(respond: (call: Call) => FakeResponse | false): void;
}> {
  let respond: (call: Call) => FakeResponse | false = () => false;
  const calls: Call[] = [];
  const url = await httpServer(async (request, response) => {
    const sent = (await bodyOf(request)).toString();
    const what = `${request.method} ${request.url}`;
    const isLogin = what === 'POST /';
    const call = { what, headers: request.headers, body: sent && JSON.parse(sent) };
    if (!isLogin) calls.push(call);
    const { status = 200, headers = {}, body } = isLogin ? { body: tokens() } : respond(call) || fake;
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  const api = apiOf({
    apiUrl: url.replace(/\/$/, ''),
    apiVersion: 'v1',
    startBody: 'v3',
    lookBackMs: 365 * 24 * 3_600_000,
    userName: 'jane@example.com',
    password: new Secret('right'),
    clientId: 'client',
    cognitoEndpoint: url,
    ...changes,
  });
  return {
    api,
    calls,
    setResponse: (other) => {
      respond = other;
    },
  };
}

/** Claims in {@link idToken}. */
export const CLAIMS = { 'custom:aplos_user_id': 'user/1', 'custom:aplos_user_tenant_id': 'tenant 1' };

/** Creates a JWT without a valid signature. */
export const idToken = (claims: object = CLAIMS): string =>
  [{ alg: 'RS256' }, claims, 'signature']
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');

/** Cognito's response to a login. */
export const tokens = (token = idToken()): object => ({
  AuthenticationResult: { IdToken: token, RefreshToken: 'refresh', ExpiresIn: 3600 },
});
