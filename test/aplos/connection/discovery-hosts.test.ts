import fc from 'fast-check';
import { MockAgent } from 'undici';
import { describe, expect, it } from 'vitest';
import { AplosConnection } from '../../../src/aplos/connection.js';
import { awsPartitions } from '../../../src/http/aws.js';
import type { AplosProfile } from '../../../src/settings/settings.js';
import { Secret } from '../../../src/util/secret.js';
import { tokens } from '../../support/fake-aplos.js';

const API = 'https://api.example.com';

/** Logs in with an Aplos host that returns this configuration. Returns the URLs that were called with the password. */
async function urlsWithPassword(cognito: object, settings: Partial<AplosProfile> = {}): Promise<string[]> {
  const agent = new MockAgent();
  agent.disableNetConnect();
  const urls: string[] = [];
  agent
    .get(API)
    .intercept({ path: (path) => path.endsWith('/app/configuration') })
    .reply(200, { idp: { Auth: { Cognito: cognito } } });
  agent
    .get(() => true)
    .intercept({ path: () => true, method: 'POST' })
    .reply(200, ({ origin, path, body }) => {
      if (String(body).includes('right')) urls.push(`${origin}${path}`);
      return tokens();
    })
    .persist();
  const profile: AplosProfile = {
    apiUrl: API,
    apiVersion: 'v1',
    startBody: 'v1',
    lookBackMs: 1,
    userName: 'jane',
    password: new Secret('right'),
    ...settings,
  };
  await new AplosConnection(profile, agent, () => {}).logIn().catch(() => {});
  await agent.close();
  return urls;
}

const suffixes = awsPartitions.map(({ dnsSuffix }) => dnsSuffix.replaceAll('.', '\\.')).join('|');
const COGNITO = new RegExp(`^https://cognito-idp\\.[a-z]+(-[a-z]+)+-\\d+\\.(${suffixes})/$`);

const mark = fc.constantFrom('', '.', '/', '?', '#', '@', ':', '\\', '%2f', '\n', '\t', '。', ' ', '&');
const word = fc.constantFrom(
  'evil.example',
  'us-east-1',
  'eu-west-1',
  'x',
  '443',
  'amazonaws.com',
  '..',
  '_',
);
const text = fc
  .array(fc.tuple(word, mark), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.flat().join(''));
const anything = fc.oneof(text, fc.string(), fc.jsonValue());
const region = fc.oneof(fc.constant('us-east-1'), anything);

describe('a login', () => {
  it('sends the password to Cognito in the discovered region', async () => {
    const cognito = { region: 'eusc-de-east-1', userPoolClientId: 'abc' };
    expect(await urlsWithPassword(cognito)).toEqual(['https://cognito-idp.eusc-de-east-1.amazonaws.eu/']);
  });

  it('sends the password to no other host than Cognito, whatever the discovery returns', async () => {
    const cognito = fc.record({ region, userPoolClientId: anything, userPoolId: anything });
    const settings = fc.constantFrom<Partial<AplosProfile>>(
      {},
      { apiVersion: 'auto' },
      { clientId: 'own' },
      { region: 'eu-west-1' },
    );
    await fc.assert(
      fc.asyncProperty(cognito, settings, async (answer, own) => {
        for (const url of await urlsWithPassword(answer, own)) expect(url).toMatch(COGNITO);
      }),
      { numRuns: 200 },
    );
  });

  it('sends the password only to the endpoint in the settings, whatever the discovery returns', async () => {
    const cognitoEndpoint = 'https://cognito.example.com/pool';
    await fc.assert(
      fc.asyncProperty(region, async (answer) => {
        const urls = await urlsWithPassword({ region: answer, userPoolClientId: 'abc' }, { cognitoEndpoint });
        for (const url of urls) expect(url).toBe(cognitoEndpoint);
      }),
    );
  });
});
