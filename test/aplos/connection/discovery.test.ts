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

/** A host whose public configuration is answered so. */
async function host(body: unknown = APLOS, status = 200, headers: Record<string, string> = {}) {
  const paths: string[] = [];
  const url = await httpServer((request, response) => {
    paths.push(`${request.method} ${request.url}`);
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  return { apiUrl: `${url}base`, paths };
}

describe('where to log in', () => {
  it.each([
    [{}, { clientId: 'discovered', endpoint: 'https://cognito-idp.us-east-1.amazonaws.com/' }],
    [{ clientId: 'own' }, { clientId: 'own', endpoint: 'https://cognito-idp.us-east-1.amazonaws.com/' }],
    [
      { region: 'eu-west-1' },
      { clientId: 'discovered', endpoint: 'https://cognito-idp.eu-west-1.amazonaws.com/' },
    ],
    [{ endpoint: 'http://stand-in/' }, { clientId: 'discovered', endpoint: 'http://stand-in/' }],
  ])('is what is configured, %j, and for the rest what the host says', async (configured, found) => {
    const { apiUrl, paths } = await host();
    expect(await findPool({ apiUrl, ...configured }, dispatcher())).toEqual(found);
    expect(paths).toEqual(['GET /base/app/configuration']);
  });

  it.each([
    [{ region: 'eu-west-1' }, 'https://cognito-idp.eu-west-1.amazonaws.com/'],
    [{ endpoint: 'http://stand-in/' }, 'http://stand-in/'],
    [{ region: 'eu-west-1', endpoint: 'http://stand-in/' }, 'http://stand-in/'],
  ])('is not asked for where the client id and %j are configured', async (configured, endpoint) => {
    const { apiUrl, paths } = await host();
    const pool = await findPool({ apiUrl, clientId: 'own', ...configured }, dispatcher());
    expect(pool).toEqual({ clientId: 'own', endpoint });
    expect(paths).toEqual([]);
  });

  it.each([
    ['a page', '<!DOCTYPE html><html></html>', 200],
    ['a word', 'OK', 200],
    ['nothing', '', 200],
    ['other JSON', { idp: { Auth: {} } }, 200],
    ['403, as for an unknown path', { message: 'Missing Authentication Token' }, 403],
    ['404', 'Not found', 404],
  ])('cannot be learned from a host that answers with %s: it is not Aplos', async (_what, body, status) => {
    const { apiUrl } = await host(body, status);
    const pool = findPool({ apiUrl }, dispatcher());
    await expect(pool).rejects.toMatchObject({ code: 'API_ANSWER_UNEXPECTED', retryable: false });
    await expect(pool).rejects.toThrow(
      `${apiUrl}/app/configuration does not answer as an Aplos NCA API does`,
    );
    await expect(pool).rejects.toThrow('Check APLOS_API_URL');
  });

  it.each<[what: string, body: unknown, status: number, code: ErrorCode]>([
    ['is throttled', 'x', 429, 'API_THROTTLED'],
    ['is down', '<html></html>', 503, 'API_UNAVAILABLE'],
    ['breaks off', JSON.stringify(APLOS).slice(0, 50), 200, 'API_ANSWER_BROKEN'],
  ])('can be asked for again when the answer %s', async (_what, body, status, code) => {
    const { apiUrl } = await host(body, status, { 'Retry-After': '3' });
    await expect(findPool({ apiUrl }, dispatcher())).rejects.toMatchObject({ code, retryable: true });
  });

  it('can be asked for again when there is no connection', async () => {
    const apiUrl = await socketServer((socket) => void socket.destroy());
    await expect(findPool({ apiUrl }, dispatcher())).rejects.toMatchObject({
      code: 'API_UNREACHABLE',
      retryable: true,
    });
  });
});
