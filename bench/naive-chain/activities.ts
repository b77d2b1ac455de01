/**
 * The activities of a naive chain: what somebody writes who follows Temporal's samples, with bare calls of undici. They calculate
 * no checksums, and verify and retry nothing themselves.
 */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { FormData, request } from 'undici';
import { configuration } from '../../test/support/tables.js';

/** A presigned POST, and the file record that it belongs to. */
export interface Presigned {
  readonly fileId: string;
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
}

const { APLOS_API_URL, COGNITO_ENDPOINT = '', COGNITO_USER_NAME, COGNITO_PASSWORD } = process.env;
let login: Promise<{ token: string; base: string }> | undefined;

export async function presign(path: string): Promise<Presigned> {
  const { file, presigned } = await call<{ file: { id: string }; presigned: Presigned }>(
    'POST',
    '/nca/files',
    {
      file_name: basename(path),
      method_type: 'post',
    },
  );
  return { fileId: file.id, url: presigned.url, fields: presigned.fields };
}

/** @returns the status of the response */
export async function upload(path: string, { url, fields }: Presigned): Promise<number> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', new Blob([await readFile(path)]), basename(path));
  const { statusCode, body } = await request(url, { method: 'POST', body: form });
  await body.dump();
  return statusCode;
}

export async function confirm(fileId: string, status: number): Promise<void> {
  if (status !== 204) throw new Error(`S3 responded with ${status}`);
  await call('GET', `/nca/files/${fileId}`);
}

/** @returns the ID of the execution */
export async function start(fileId: string): Promise<string> {
  const { execution_id } = await call<{ execution_id: string }>('POST', '/nca/executions', {
    file: { id: fileId },
    configuration,
  });
  return execution_id;
}

async function call<Body>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Body> {
  login ??= logIn();
  const { token, base } = await login;
  const response = await request(`${base}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  if (response.statusCode !== 200) throw new Error(`${path}: status ${response.statusCode}`);
  return (await response.body.json()) as Body;
}

async function logIn() {
  const configured = await request(`${APLOS_API_URL}/app/configuration`);
  const { idp } = (await configured.body.json()) as {
    idp: { Auth: { Cognito: { userPoolClientId: string } } };
  };
  const response = await request(COGNITO_ENDPOINT, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AWSCognitoIdentityProviderService.InitiateAuth',
    },
    body: JSON.stringify({
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId: idp.Auth.Cognito.userPoolClientId,
      AuthParameters: { USERNAME: COGNITO_USER_NAME, PASSWORD: COGNITO_PASSWORD },
    }),
  });
  const { AuthenticationResult } = (await response.body.json()) as {
    AuthenticationResult: { IdToken: string };
  };
  const token = AuthenticationResult.IdToken;
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  const base = `${APLOS_API_URL}/tenants/${claims['custom:aplos_user_tenant_id']}/users/${claims['custom:aplos_user_id']}`;
  return { token, base };
}
