import pMap from 'p-map';
import { FormData, request } from 'undici';
import type { Sandbox } from '../../sandbox/sandbox.js';
import type { Presigned } from '../../test/support/sandbox-client.js';
import { configuration, table } from '../../test/support/tables.js';
import { startCountingProxy } from '../suite/counting-proxy.js';
import { type Row, statsOf } from '../suite/row.js';
import type { BenchWorld } from '../suite/world.js';
import { uploadOurs } from './naive-chain.js';

const FILES = 40;
const peer = async () =>
  "the vendor's client (aplos-nca-saas-sdk 3.0.0): a login and a new connection for each call";

/** What files cost at Aplos: logins, and connections to the API and to Cognito. */
export const apiLoad: readonly Row[] = [
  {
    name: 'logins',
    work: `logins for ${FILES} files`,
    unit: 'logins',
    peer,
    goal: { of: 'value', is: 'at most', limit: 1 },
    measure: async (world) => {
      const { ours, vendor } = await countBoth(world);
      return { ours: statsOf([ours.logins]), peer: statsOf([vendor.logins]) };
    },
  },
  {
    name: 'connections',
    work: `connections to Aplos for ${FILES} files, 20 at a time`,
    unit: 'connections',
    peer,
    goal: { of: 'ratio', is: 'at most', limit: 0.1 },
    measure: async (world) => {
      const { ours, vendor } = await countBoth(world);
      return { ours: statsOf([ours.connections]), peer: statsOf([vendor.connections]) };
    },
  },
];

interface Counts {
  readonly logins: number;
  readonly connections: number;
}

async function countBoth(world: BenchWorld): Promise<{ ours: Counts; vendor: Counts }> {
  await world.stopWorker();
  const { sandbox } = await world.servers;
  const [api, cognito] = await Promise.all([
    startCountingProxy(sandbox.apiUrl),
    startCountingProxy(sandbox.cognitoUrl),
  ]);
  const connections = () => api.connections() + cognito.connections();
  const logins = () => sandbox.calls.filter(({ route }) => route === 'login' || route === 'refresh').length;
  const counting = async (work: () => Promise<unknown>): Promise<Counts> => {
    const before = { logins: logins(), connections: connections() };
    await work();
    return { logins: logins() - before.logins, connections: connections() - before.connections };
  };
  try {
    const env = { APLOS_API_URL: api.url, COGNITO_ENDPOINT: cognito.url };
    const client = await world.client(env);
    const ours = await counting(async () => {
      const paths: string[] = [];
      while (paths.length < FILES) paths.push(await world.newFile());
      await pMap(paths, (path) => uploadOurs(client, world, path), { concurrency: 20 });
    });
    const proxied = { ...sandbox, apiUrl: api.url, cognitoUrl: cognito.url };
    const vendor = await counting(async () => {
      for (let file = 0; file < FILES; file++) await uploadAsTheVendorDoes(proxied);
    });
    return { ours, vendor };
  } finally {
    await world.stopWorker();
    for (const proxy of [api, cognito]) proxy.stop();
  }
}

/** Makes the calls of one file as the vendor's client does: each logs in, and uses a new connection. */
async function uploadAsTheVendorDoes(sandbox: Sandbox): Promise<void> {
  const { file, presigned } = await callAnew<Presigned>(sandbox, 'POST', '/nca/files', {
    file_name: 'pk.csv',
    method_type: 'post',
  });
  const form = new FormData();
  for (const [name, value] of Object.entries(presigned.fields)) form.append(name, value);
  form.append('file', new Blob([table(1_000)]), 'pk.csv');
  await send(presigned.url, { method: 'POST', body: form });
  await callAnew(sandbox, 'GET', `/nca/files/${file.id}`);
  await callAnew(sandbox, 'POST', '/nca/executions', { file: { id: file.id }, configuration });
}

async function callAnew<Body>(
  { apiUrl, cognitoUrl, clientId, user, tenantId, userId }: Sandbox,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<Body> {
  const login = await send(cognitoUrl, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AWSCognitoIdentityProviderService.InitiateAuth',
    },
    body: JSON.stringify({
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId: clientId,
      AuthParameters: { USERNAME: user.userName, PASSWORD: user.password },
    }),
  });
  const { AuthenticationResult } = JSON.parse(login) as { AuthenticationResult: { IdToken: string } };
  const text = await send(`${apiUrl}/tenants/${tenantId}/users/${userId}${path}`, {
    method,
    headers: { authorization: `Bearer ${AuthenticationResult.IdToken}` },
    body: body === undefined ? null : JSON.stringify(body),
  });
  return JSON.parse(text) as Body;
}

async function send(url: string, options: Parameters<typeof request>[1]): Promise<string> {
  const response = await request(url, { ...options, reset: true });
  const text = await response.body.text();
  if (response.statusCode > 299) throw new Error(`${url}: status ${response.statusCode}`);
  return text;
}
