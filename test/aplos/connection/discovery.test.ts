import { describe, expect, it } from 'vitest';
import { findPool } from '../../../src/aplos/connection/discovery.js';
import type { ErrorCode } from '../../../src/contract/errors.js';
import { dispatcher } from '../../support/fake-aplos.js';
import { httpServer, socketServer } from '../../support/s3-servers.js';

const APLOS = {
  idp: {
    Auth: {
      Cognito: {
        region: 'us-east-1',
        userPoolId: 'us-east-1_x',
        userPoolClientId: 'discovered',
        authenticationFlowType: 'USER_PASSWORD_AUTH',
      },
    },
  },
  more: [1, 2, 3],
};

const configuration = (changes: object) => ({
  idp: { Auth: { Cognito: { ...APLOS.idp.Auth.Cognito, ...changes } } },
});

/** Starts a host with the given public configuration. */
async function startHost(body: unknown = APLOS, status = 200, headers: Record<string, string> = {}) {
  const paths: string[] = [];
  const url = await httpServer((request, response) => {
    paths.push(`${request.method} ${request.url}`);
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  return { apiUrl: `${url}base`, paths };
}

describe('findPool', () => {
  it.each([
    [{}, { clientId: 'discovered', endpoint: 'https://cognito-idp.us-east-1.amazonaws.com/' }],
    [{ clientId: 'own' }, { clientId: 'own', endpoint: 'https://cognito-idp.us-east-1.amazonaws.com/' }],
    [
      { region: 'eu-west-1' },
      { clientId: 'discovered', endpoint: 'https://cognito-idp.eu-west-1.amazonaws.com/' },
    ],
    [{ endpoint: 'http://stand-in/' }, { clientId: 'discovered', endpoint: 'http://stand-in/' }],
  ])('discovers what is missing in the settings %j', async (settings, pool) => {
    const { apiUrl, paths } = await startHost();
    expect(await findPool({ apiUrl, ...settings }, dispatcher())).toEqual(pool);
    expect(paths).toEqual(['GET /base/app/configuration']);
  });

  it.each([
    [{ region: 'eu-west-1' }, 'https://cognito-idp.eu-west-1.amazonaws.com/'],
    [{ endpoint: 'http://stand-in/' }, 'http://stand-in/'],
    [{ region: 'eu-west-1', endpoint: 'http://stand-in/' }, 'http://stand-in/'],
  ])('does not call the host if the client ID and %j are set', async (configured, endpoint) => {
    const { apiUrl, paths } = await startHost();
    const pool = await findPool({ apiUrl, clientId: 'own', ...configured }, dispatcher());
    expect(pool).toEqual({ clientId: 'own', endpoint });
    expect(paths).toEqual([]);
  });

  it.each([
    ['an HTML page', '<!DOCTYPE html><html></html>', 200],
    ['plain text', 'OK', 200],
    ['an empty response', '', 200],
    ['other JSON', { idp: { Auth: {} } }, 200],
    ['403, as for an unknown path', { message: 'Missing Authentication Token' }, 403],
    ['404', 'Not found', 404],
  ])('throws a final error if the host returns %s', async (_what, body, status) => {
    const { apiUrl } = await startHost(body, status);
    const pool = findPool({ apiUrl }, dispatcher());
    await expect(pool).rejects.toMatchObject({ code: 'API_ANSWER_UNEXPECTED', retryable: false });
    await expect(pool).rejects.toThrow(
      `${apiUrl}/app/configuration did not return the configuration of an Aplos NCA API`,
    );
    await expect(pool).rejects.toThrow('Check APLOS_API_URL');
  });

  it.each<[what: string, body: unknown, status: number, code: ErrorCode]>([
    ['throttling', 'x', 429, 'API_THROTTLED'],
    ['an outage', '<html></html>', 503, 'API_UNAVAILABLE'],
    ['truncated JSON', JSON.stringify(APLOS).slice(0, 50), 200, 'API_ANSWER_BROKEN'],
  ])('throws a retryable error if the host returns %s', async (_what, body, status, code) => {
    const { apiUrl } = await startHost(body, status, { 'Retry-After': '3' });
    await expect(findPool({ apiUrl }, dispatcher())).rejects.toMatchObject({ code, retryable: true });
  });

  it.each([
    ['eu-west-1', 'https://cognito-idp.eu-west-1.amazonaws.com/'],
    ['cn-north-1', 'https://cognito-idp.cn-north-1.amazonaws.com.cn/'],
    ['eusc-de-east-1', 'https://cognito-idp.eusc-de-east-1.amazonaws.eu/'],
    ['us-gov-west-1', 'https://cognito-idp.us-gov-west-1.amazonaws.com/'],
  ])('finds Cognito in the region %s', async (region, endpoint) => {
    const { apiUrl } = await startHost(configuration({ region, userPoolId: `${region}_AbC123` }));
    expect(await findPool({ apiUrl }, dispatcher())).toMatchObject({ endpoint });
  });

  it.each([
    { region: 'evil.example/?' },
    { region: 'us-east-1.evil.example' },
    { region: 'us-east-1@evil.example/' },
    { region: '' },
    { userPoolClientId: '' },
    { userPoolClientId: 'a/b' },
    { userPoolClientId: 'x'.repeat(129) },
    { userPoolId: 'us-east-1' },
    { userPoolId: 'evil.example/_x' },
    { userPoolId: 'us-east-1_a/../b' },
  ])('throws a final error if the host returns %j', async (changes) => {
    const { apiUrl } = await startHost(configuration(changes));
    await expect(findPool({ apiUrl }, dispatcher())).rejects.toMatchObject({
      code: 'API_ANSWER_UNEXPECTED',
      retryable: false,
    });
  });

  it('throws a retryable error if the connection drops', async () => {
    const apiUrl = await socketServer((socket) => void socket.destroy());
    await expect(findPool({ apiUrl }, dispatcher())).rejects.toMatchObject({
      code: 'API_UNREACHABLE',
      retryable: true,
    });
  });
});
