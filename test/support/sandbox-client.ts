import { setTimeout as sleep } from 'node:timers/promises';
import FormData from 'form-data';
import { request } from 'undici';
import type { Sandbox } from '../../sandbox/sandbox.js';

/** A response of a sandbox server. */
export interface HttpResponse<Body = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The text, parsed as JSON. */
  readonly body: Body;
}

/** Presign response, as far as tests read it. */
export interface Presigned {
  readonly file: { readonly id: string };
  readonly presigned: { readonly url: string; readonly fields: Readonly<Record<string, string>> };
}

/** Calls Cognito. */
export const initiateAuth = (
  { cognitoUrl, clientId }: Sandbox,
  AuthFlow: string,
  AuthParameters: object,
  changes: object = {},
) =>
  send<{
    __type?: string;
    ChallengeName?: string;
    AuthenticationResult?: { IdToken: string; RefreshToken?: string; ExpiresIn: number };
  }>(cognitoUrl, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AWSCognitoIdentityProviderService.InitiateAuth',
    },
    body: JSON.stringify({ AuthFlow, AuthParameters, ClientId: clientId, ...changes }),
  });

/** Logs in as the sandbox's user, and returns the ID token. */
export async function logIn(sandbox: Sandbox): Promise<string> {
  const { userName: USERNAME, password: PASSWORD } = sandbox.user;
  const { body } = await initiateAuth(sandbox, 'USER_PASSWORD_AUTH', { USERNAME, PASSWORD });
  return body.AuthenticationResult?.IdToken ?? '';
}

/** Calls a route of the API under the user's path. */
export const call = <Body = Record<string, unknown>>(
  { apiUrl, tenantId, userId }: Sandbox,
  idToken: string,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
) =>
  send<Body>(`${apiUrl}/tenants/${tenantId}/users/${userId}${path}`, {
    method,
    headers: { authorization: `Bearer ${idToken}` },
    body: body === undefined ? null : JSON.stringify(body),
  });

/** Requests a presigned POST. */
export const presign = (sandbox: Sandbox, idToken: string, fileName = 'pk.csv') =>
  call<Presigned>(sandbox, idToken, 'POST', '/nca/files', { file_name: fileName, method_type: 'post' });

/** Posts a form to S3, with the file last. */
export async function post(
  { presigned: { url } }: Presigned,
  fields: Readonly<Record<string, string>>,
  content: string | Buffer,
): Promise<HttpResponse> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', content, { filename: 'pk.csv' });
  return send(url, { method: 'POST', headers: form.getHeaders(), body: form.getBuffer() });
}

/** Presigns and uploads, and returns the file ID and S3's response. */
export async function upload(sandbox: Sandbox, idToken: string, content: string | Buffer, fileName?: string) {
  const { body } = await presign(sandbox, idToken, fileName);
  const response = await post(body, body.presigned.fields, content);
  return { fileId: body.file.id, response };
}

/** Polls until the value meets the condition, or the test times out. */
export async function until<Value>(read: () => Promise<Value>, accept: (value: Value) => boolean) {
  for (;;) {
    const value = await read();
    if (accept(value)) return value;
    await sleep(20);
  }
}

/** Makes one HTTP call. */
export async function send<Body = Record<string, unknown>>(
  url: string,
  options: Parameters<typeof request>[1] = {},
): Promise<HttpResponse<Body>> {
  const { statusCode: status, headers, body: stream } = await request(url, options);
  const text = await stream.text();
  return {
    status,
    headers,
    text,
    get body() {
      return JSON.parse(text) as Body;
    },
  };
}

/** A small table. */
export const table =
  'subject,time,conc,conc.obs\n1,0,0,BLQ\n1,1,10,10\n1,3,4,4\n2,0,0,BLQ\n2,1,20,20\n2,3,8,8\n';

/** Configuration for {@link table}. */
export const configuration = {
  version: '2024-02-22',
  columns: {
    time: 'time',
    unique_id: 'subject',
    concentration: { observed: 'conc.obs', analyzed: 'conc' },
    sorting: ['subject', 'time'],
    grouping: ['subject'],
  },
};
