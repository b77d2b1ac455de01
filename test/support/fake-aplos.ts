import type { IncomingHttpHeaders } from 'node:http';
import { Agent } from 'undici';
import { onTestFinished } from 'vitest';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/sandbox.js';
import { AplosAccounts } from '../../src/aplos/accounts.js';
import type { AplosApi } from '../../src/aplos/api.js';
import type { AplosProfile } from '../../src/settings/settings.js';
import { Secret } from '../../src/util/secret.js';
import { bodyOf, httpServer } from './s3-servers.js';

/** Connections that are closed when the running test has ended. */
export function dispatcher(): Agent {
  const agent = new Agent();
  onTestFinished(() => agent.destroy());
  return agent;
}

/** The API as the one user of a service has it. */
export function apiOf(profile: AplosProfile): AplosApi {
  return new AplosAccounts(new Map([['default', profile]]), dispatcher()).api('default');
}

/** A sandbox that lives as long as the running test, and its API as its user has it. */
export async function account(
  options: SandboxOptions,
  changes: Partial<AplosProfile> = {},
): Promise<{ sandbox: Sandbox; api: AplosApi }> {
  const sandbox = await startSandbox(options);
  onTestFinished(() => sandbox.stop());
  return { sandbox, api: apiOf({ ...profileOf(sandbox), ...changes }) };
}

/** The settings for a sandbox's user. */
export const profileOf = ({ apiUrl, cognitoUrl, user }: Sandbox): AplosProfile => ({
  apiUrl,
  apiVersion: 'v1',
  userName: user.userName,
  password: new Secret(user.password),
  cognitoEndpoint: cognitoUrl,
});

/** A call that came to a service of the test's own. */
export interface Call {
  /** `POST /tenants/t/users/u/nca/files` */
  readonly what: string;
  readonly headers: IncomingHttpHeaders;
  /** The JSON that was sent. */
  readonly body: unknown;
}

/** An answer of a service of the test's own: JSON, or text as it is. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body: unknown;
}

/** A service that lets everybody in, answers every call alike, and keeps the calls. */
export async function serviceAnswering(answer: Answer): Promise<{ api: AplosApi; calls: Call[] }> {
  const calls: Call[] = [];
  const url = await httpServer(async (request, response) => {
    const sent = (await bodyOf(request)).toString();
    const what = `${request.method} ${request.url}`;
    const isLogin = what === 'POST /';
    if (!isLogin) calls.push({ what, headers: request.headers, body: sent && JSON.parse(sent) });
    const { status = 200, headers = {}, body } = isLogin ? { body: tokens() } : answer;
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  const api = apiOf({
    apiUrl: url.replace(/\/$/, ''),
    apiVersion: 'v1',
    userName: 'jane@example.com',
    password: new Secret('right'),
    clientId: 'client',
    cognitoEndpoint: url,
  });
  return { api, calls };
}

/** Who is let in, by the claims of {@link idToken}. */
export const CLAIMS = { 'custom:aplos_user_id': 'user/1', 'custom:aplos_user_tenant_id': 'tenant 1' };

/** A JWT with these claims, signed by nobody. */
export const idToken = (claims: object = CLAIMS): string =>
  [{ alg: 'RS256' }, claims, 'signature']
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');

/** Cognito's answer to a login. */
export const tokens = (token = idToken()): object => ({
  AuthenticationResult: { IdToken: token, RefreshToken: 'refresh', ExpiresIn: 3600 },
});
