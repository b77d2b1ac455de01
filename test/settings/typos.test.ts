import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settingVariables } from '../../src/settings/given.js';
import { temporalVariables } from '../../src/settings/temporal-variables.js';
import { assertNoTypos } from '../../src/settings/typos.js';

const known = [...settingVariables, ...temporalVariables];

/** Returns what the error says of the environment; `undefined` if there is no error. */
function problemOf(environment: Record<string, string>): string | undefined {
  try {
    assertNoTypos(environment, settingVariables);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('assertNoTypos', () => {
  it.each([
    ['TEMPORAL_ADRESS', 'TEMPORAL_ADDRESS'],
    ['TEMPORAL_NAMESAPCE', 'TEMPORAL_NAMESPACE'],
    ['TEMPORAL_APIKEY', 'TEMPORAL_API_KEY'],
    ['TEMPRAL_ADDRESS', 'TEMPORAL_ADDRESS'],
    ['TEMPORAL_TLS_SERVER_CA_CERT_PAHT', 'TEMPORAL_TLS_SERVER_CA_CERT_PATH'],
    ['COGNITO_PASSWORT', 'COGNITO_PASSWORD'],
    ['COGNITO_PASSWORD_FLIE', 'COGNITO_PASSWORD_FILE'],
    ['COGNITO_USERNAME', 'COGNITO_USER_NAME'],
    ['COGNTIO_PASSWORD', 'COGNITO_PASSWORD'],
    ['APLOS_API_URI', 'APLOS_API_URL'],
    ['APLOS_UPLAOD_ROOTS', 'APLOS_UPLOAD_ROOTS'],
    ['APLOS_UPLOAD_ENCRYPTION_KEYS', 'APLOS_UPLOAD_ENCRYPTION_KEY'],
    ['aplos_upload_roots', 'APLOS_UPLOAD_ROOTS'],
    ['APLOS-UPLOAD-ROOTS', 'APLOS_UPLOAD_ROOTS'],
  ])('reports %s, and suggests %s', (written, meant) => {
    expect(problemOf({ [written]: 'x' })).toContain(`${written}: unknown variable (did you mean ${meant}?)`);
  });

  it('reports a swapped, missing, doubled or wrong letter in a long word of any name', () => {
    const typo = fc
      .tuple(fc.constantFrom(...known), fc.nat(), fc.constantFrom('swap', 'drop', 'double', 'replace'))
      .map(([name, at, kind]) => {
        const positions = [...name.matchAll(/(?<=[A-Z])[A-Z](?=[A-Z]{3})/g)].map(({ index }) => index);
        const position = positions[at % positions.length] ?? 0;
        const [before, letter = '', next = '', rest] = [
          name.slice(0, position),
          name[position],
          name[position + 1],
          name.slice(position + 2),
        ];
        const written = {
          swap: before + next + letter + rest,
          drop: before + next + rest,
          double: before + letter + letter + next + rest,
          replace: `${before}Q${next}${rest}`,
        }[kind];
        return { name, written: written ?? '' };
      })
      .filter(({ written }) => !known.includes(written));
    fc.assert(
      fc.property(typo, ({ written }) => {
        expect(problemOf({ [written]: 'x' })).toContain(`${written}: unknown variable`);
      }),
    );
  });

  it.each([
    'APLOS_UPLOAD_PORT', // as Kubernetes names a service of this name
    'APLOS_UPLOAD_SERVICE_HOST',
    'APLOS_UPLOAD_SERVICE_PORT_HTTP',
    'APLOS_UPLOAD_PORT_80_TCP_ADDR',
    'APLOS_UI_URL',
    'APLOS_API_KEY',
    'APLOS_DB_URL',
    'COGNITO_PASSWORD_2',
    'COGNITO_PASSWORD2',
    'COGNITO_DOMAIN',
    'COGNITO_USER_POOL_ID',
    'COGNITO_CLIENT_SECRET',
    'TEMPORAL_PORT',
    'TEMPORAL_UI_URL',
    'TEMPORAL_CLI_ADDRESS',
    'TEMPORAL_TLS_KEY',
    'TEMPORAL_TLS_CERT',
    'TEMPORAL_TLS_CA',
    'TEMPORAL_ENV_FILE',
    'TEMPORAL_GRPC_META_X_TENANT',
    'AWS_REGION',
    'PATH',
  ])('accepts %s, which is another variable', (name) => {
    expect(problemOf({ [name]: 'x' })).toBeUndefined();
  });

  it('accepts every name that it knows, and an empty variable', () => {
    expect(problemOf(Object.fromEntries(known.map((name) => [name, 'x'])))).toBeUndefined();
    expect(problemOf({ TEMPORAL_ADRESS: '' })).toBeUndefined();
  });

  it('accepts a similar variable of another program if the known one has the same value', () => {
    const value = 'jane@example.com';
    expect(problemOf({ COGNITO_USERNAME: value, COGNITO_USER_NAME: value })).toBeUndefined();
    expect(problemOf({ COGNITO_USERNAME: 'joe@example.com', COGNITO_USER_NAME: value })).toContain(
      'COGNITO_USERNAME',
    );
  });

  it('names every misspelt variable, and no value', () => {
    const problem = problemOf({ TEMPORAL_ADRESS: 'x', COGNITO_PASSWORT: 'hunter2' });
    expect(problem).toContain('TEMPORAL_ADRESS: unknown');
    expect(problem).toContain('COGNITO_PASSWORT: unknown');
    expect(problem).not.toContain('hunter2');
  });
});
