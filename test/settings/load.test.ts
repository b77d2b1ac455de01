import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { HostList } from '../../src/http/host-list.js';
import { loadSettings } from '../../src/settings/load.js';
import { assertNothingIsRefused, refusedVariables } from '../../src/settings/refused-variables.js';
import { TemporalSettings } from '../../src/settings/temporal-variables.js';
import { account, KEY, OTHER_KEY, PASSWORD, problemOf } from '../support/settings.js';
import { temporaryFile } from '../support/temporary-folder.js';

describe('loadSettings', () => {
  it('returns defaults for everything except accounts', () => {
    expect(loadSettings({})).toEqual({
      profiles: new Map(),
      codecAccess: {},
      temporal: expect.any(TemporalSettings),
      encryption: { mode: 'unset' },
      uploadRoots: [],
      resultsRoots: [],
      sharedRoots: [],
      sourceHosts: new HostList(),
      webhookHosts: new HostList(),
      batchQuietMs: 30_000,
      spoolLimitBytes: 1_073_741_824,
      s3Hosts: new HostList(),
      s3Buckets: [],
      idleTimeoutMs: 60_000,
      listLagMs: 45_000,
      extraCa: undefined,
      shutdownGraceMs: 30_000,
      concurrency: 50,
      cachedWorkflows: 300,
      uiUrl: undefined,
    });
  });

  it('asks the operating system for the name of this host if it is `auto`', () => {
    const { host } = loadSettings({ APLOS_UPLOAD_HOST: 'auto' }, 'client');
    expect(host).toBe(hostname().toLowerCase());
    expect(loadSettings({}, 'client').host).toBeUndefined();
  });

  it('reads the environment', () => {
    const settings = loadSettings({
      ...account,
      APLOS_API_URL: 'https://api.acme.aplos-nca.com/base/',
      APLOS_API_VERSION: 'v1',
      COGNITO_CLIENT_ID: 'client',
      COGNITO_REGION: 'eu-west-1',
      COGNITO_ENDPOINT: 'http://127.0.0.1:9/',
      APLOS_UPLOAD_ROOTS: '/data:relative',
      APLOS_UPLOAD_HOST: 'Lab-7.example.com',
      APLOS_UPLOAD_SHARED_ROOTS: '/mnt/share:/mnt/archive',
      APLOS_UPLOAD_SOURCE_HOSTS: 'files.example.com, *.example.org 10.0.0.0/8',
      APLOS_UPLOAD_SPOOL_LIMIT: '1000000',
      APLOS_UPLOAD_S3_HOSTS: 's3.acme.internal',
      APLOS_UPLOAD_RESULTS_ROOTS: '/results:s3://results/study 7/:/more:s3://other',
      APLOS_UPLOAD_IDLE_TIMEOUT: '1.5',
      APLOS_UPLOAD_SHUTDOWN_GRACE: '10',
      APLOS_UPLOAD_CONCURRENCY: '3',
      APLOS_UPLOAD_UI_URL: 'https://temporal.acme.com/',
      APLOS_UPLOAD_METRICS: '0.0.0.0:9464',
      APLOS_UPLOAD_HEALTH: '[::1]:8080',
      SOMETHING_ELSE: 'x',
      APLOS_UPLOAD_PORT: 'tcp://10.0.0.7:80', // as Kubernetes names a service of this name
    });
    expect(settings).toMatchObject({
      uploadRoots: ['/data', resolve('relative')],
      resultsRoots: [
        { text: '/results', path: '/results' },
        { text: 's3://results/study 7/', bucket: 'results', prefix: 'study 7/' },
        { text: '/more', path: '/more' },
        { text: 's3://other', bucket: 'other', prefix: '' },
      ],
      host: 'lab-7.example.com',
      sharedRoots: ['/mnt/share', '/mnt/archive'],
      spoolLimitBytes: 1_000_000,
      idleTimeoutMs: 1_500,
      shutdownGraceMs: 10_000,
      concurrency: 3,
      uiUrl: 'https://temporal.acme.com',
      metrics: { host: '0.0.0.0', port: 9464 },
      health: { host: '::1', port: 8080 },
    });
    for (const named of ['https://files.example.com/', 'https://a.example.org/', 'https://10.1.2.3/'])
      expect(settings.sourceHosts.has(new URL(named))).toBe(true);
    expect(settings.s3Hosts.has(new URL('https://s3.acme.internal/'))).toBe(true);
    expect(settings.profiles.get('default')).toMatchObject({
      apiUrl: 'https://api.acme.aplos-nca.com/base',
      apiVersion: 'v1',
      userName: 'jane@example.com',
      clientId: 'client',
      region: 'eu-west-1',
      cognitoEndpoint: 'http://127.0.0.1:9',
    });
    expect(settings.profiles.get('default')?.password.reveal()).toBe(PASSWORD);
  });

  it('treats an empty variable as unset', () => {
    const empty = Object.fromEntries(
      ['APLOS_API_URL', 'APLOS_UPLOAD_ROOTS', 'APLOS_UPLOAD_IDLE_TIMEOUT', 'COGNITO_USER_NAME'].map(
        (name) => [name, ''],
      ),
    );
    expect(loadSettings(empty)).toEqual(loadSettings({}));
  });

  it("takes the vendor's COGNITO_CLIENT_KEY for COGNITO_CLIENT_ID, which wins if both are set", () => {
    const account = { COGNITO_USER_NAME: 'jane', COGNITO_PASSWORD: 'p', COGNITO_CLIENT_KEY: 'key' };
    const clientOf = (environment: NodeJS.ProcessEnv) =>
      loadSettings({ ...account, ...environment }).profiles.get('default')?.clientId;
    expect(clientOf({})).toBe('key');
    expect(clientOf({ COGNITO_CLIENT_ID: 'id' })).toBe('id');
  });

  it('returns an object that cannot be changed', () => {
    const settings: { concurrency: number } = loadSettings({});
    expect(() => {
      settings.concurrency = 1;
    }).toThrow(TypeError);
  });

  it.each([
    ['APLOS_API_URL', 'api.aplos-nca.com', 'must be an http(s) URL'],
    ['APLOS_API_URL', 'ftp://api.aplos-nca.com', 'must be an http(s) URL'],
    ['APLOS_API_VERSION', 'v2', 'must be "auto", "v1" or "v3"'],
    ['APLOS_UPLOAD_START_BODY', 'v2', 'must be "v1" or "v3"'],
    ['APLOS_UPLOAD_LOOK_BACK', 'a year', 'must be a number of days'],
    ['COGNITO_ENDPOINT', 'localhost', 'must be an http(s) URL'],
    ['APLOS_UPLOAD_UI_URL', 'localhost:8233', 'must be an http(s) URL'],
    ['APLOS_UPLOAD_IDLE_TIMEOUT', 'a minute', 'must be a number of seconds'],
    ['APLOS_UPLOAD_IDLE_TIMEOUT', '0', 'must be more than 0'],
    ['APLOS_UPLOAD_SHUTDOWN_GRACE', '-1', 'must be more than 0'],
    ['APLOS_UPLOAD_CONCURRENCY', 'many', 'must be a whole number'],
    ['APLOS_UPLOAD_CONCURRENCY', '1.5', 'must be a whole number'],
    ['APLOS_UPLOAD_CONCURRENCY', '0', 'must be more than 0'],
    ['APLOS_UPLOAD_ROOTS', ':', 'must name a folder'],
    ['APLOS_UPLOAD_SHARED_ROOTS', ':', 'must name a folder'],
    ['APLOS_UPLOAD_HOST', 'lab 7', 'must be the name of a host'],
    ['APLOS_UPLOAD_METRICS', '9464', 'must be ADDRESS:PORT'],
    ['APLOS_UPLOAD_HEALTH', 'localhost:99999', 'must be ADDRESS:PORT'],
    ['APLOS_UPLOAD_ENCRYPTION', 'on', 'must be "off" or not be set'],
    ['APLOS_UPLOAD_ENCRYPTION_KEY', 'secret', 'ID:KEY'],
    ['APLOS_UPLOAD_ENCRYPTION_KEY_FILE', '/nowhere/key', '/nowhere/key, which cannot be read (ENOENT)'],
    [
      'APLOS_UPLOAD_SETTINGS',
      '/nowhere/settings.toml',
      '/nowhere/settings.toml, which cannot be read (ENOENT)',
    ],
    [
      'COGNITO_USER_NAME',
      'jane',
      'COGNITO_PASSWORD or COGNITO_PASSWORD_FILE or COGNITO_PASSWORD_COMMAND: must be set',
    ],
    ['APLOS_UPLOAD_CA_FILE', '/nowhere/ca.pem', '/nowhere/ca.pem, which cannot be read (ENOENT)'],
    [
      'APLOS_UPLOAD_CA_FILE',
      resolve('package.json'),
      `the content of ${resolve('package.json')} must begin with a certificate in PEM`,
    ],
    ['APLOS_UPLOAD_ROOT', '/data', 'unknown variable (did you mean APLOS_UPLOAD_ROOTS?)'],
    ['NODE_TLS_REJECT_UNAUTHORIZED', '0', 'turns off certificate verification'],
    ['NODE_DEBUG', 'undici', 'logs URLs and headers'],
    ['NODE_DEBUG', 'timer,HT*', 'logs URLs and headers'],
    ['NODE_DEBUG_NATIVE', 'http2', 'logs URLs and headers'],
    ['GRPC_TRACE', 'all', 'logs URLs and headers'],
    ['GRPC_NODE_TRACE', 'call_stream', 'logs URLs and headers'],
    ['SSLKEYLOGFILE', '/tmp/keys', 'writes the keys of TLS connections to a file'],
    ['TEMPORAL_PRINT_FULL_PAYLOADS', '1', 'logs the payloads'],
    [
      'NODE_OPTIONS',
      '--max-old-space-size=256 --tls-keylog=/tmp/keys',
      'The option --tls-keylog in NODE_OPTIONS writes',
    ],
    ['NODE_OPTIONS', '"--tls_keylog" /tmp/keys', 'The option --tls_keylog in NODE_OPTIONS writes'],
    ['NODE_OPTIONS', '--trace-tls', 'The option --trace-tls in NODE_OPTIONS logs'],
    [
      'NODE_OPTIONS',
      '--trace-event-categories node.http',
      'The option --trace-event-categories in NODE_OPTIONS writes',
    ],
    ['COGNITO_REGION', 'evil.example/?', 'COGNITO_REGION: must be an AWS region'],
    ['COGNITO_CLIENT_ID', 'a/b', 'COGNITO_CLIENT_ID: must be the ID of a Cognito app client'],
    ['COGNITO_ENDPOINT', 'http://cognito.example.com', 'COGNITO_ENDPOINT: must be an https URL'],
    ['APLOS_API_URL', 'http://api.example.com', 'APLOS_API_URL: must be an https URL'],
    ['APLOS_UPLOAD_CODEC_JWKS_URL', 'http://idp.example.com/keys', 'must be an https URL'],
    ['APLOS_UPLOAD_S3_BUCKETS', 's3://aplos-uploads', 'must contain names of buckets'],
  ])('throws an error that names %s if it is %j', (name, value, words) => {
    const problem = problemOf({ [name]: value });
    expect(problem).toContain(name);
    expect(problem).toContain(words);
  });

  it.each([
    { NODE_TLS_REJECT_UNAUTHORIZED: '1' },
    { GRPC_TRACE: 'none' },
    { NODE_OPTIONS: '--max-old-space-size=256 --enable-source-maps' },
    { NODE_DEBUG: '' },
  ])('accepts %j', (environment) => {
    expect(() => assertNothingIsRefused(environment, [])).not.toThrow();
  });

  it.each(refusedVariables)('documents that %s is refused', (variable) => {
    expect(readFileSync('docs/reference/settings.md', 'utf8')).toContain(`\`${variable}\``);
  });

  it('throws if Node.js was started with a refused option', () => {
    expect(() => assertNothingIsRefused({}, ['--tls-keylog=/tmp/keys'])).toThrow(
      'The option --tls-keylog in the command line of Node.js',
    );
  });

  it('throws if the password file cannot be read', () => {
    expect(problemOf({ COGNITO_USER_NAME: 'jane', COGNITO_PASSWORD_FILE: '/nowhere/password' })).toBe(
      'COGNITO_PASSWORD_FILE names /nowhere/password, which cannot be read (ENOENT)',
    );
  });

  it('throws if there is a password without a user name', () => {
    expect(problemOf({ COGNITO_PASSWORD: 'x' })).toContain('COGNITO_USER_NAME: must be set');
  });

  it('names every invalid variable in one error', { tags: ['REQ-27'] }, () => {
    const problem = problemOf({ ...account, APLOS_API_URL: 'x', APLOS_UPLOAD_CONCURRENCY: 'x' });
    expect(problem).toMatch(/APLOS_API_URL: .*; APLOS_UPLOAD_CONCURRENCY: /);
  });
});

describe('codecAccess', () => {
  const codecAccess = (environment: Record<string, string>) =>
    loadSettings(environment, 'codec-server').codecAccess;

  it('has a token, the key set of an identity provider, or both', async () => {
    expect(codecAccess({})).toEqual({});
    const { path } = await temporaryFile('a token\n', 'token');
    const jwks = {
      APLOS_UPLOAD_CODEC_JWKS_URL: 'https://login.acme.com/keys',
      APLOS_UPLOAD_CODEC_JWT_ISSUER: 'https://login.acme.com',
      APLOS_UPLOAD_CODEC_JWT_AUDIENCE: 'temporal-ui',
    };
    const jwt = {
      jwksUrl: 'https://login.acme.com/keys',
      issuer: 'https://login.acme.com',
      audience: 'temporal-ui',
    };
    expect(codecAccess(jwks)).toEqual({ jwt });
    const both = codecAccess({ ...jwks, APLOS_UPLOAD_CODEC_TOKEN_FILE: path });
    expect(both.token?.reveal()).toBe('a token');
    expect(both.jwt).toEqual(jwt);
  });

  it('is empty, and reads no token, for other programs', () => {
    expect(loadSettings({ APLOS_UPLOAD_CODEC_TOKEN_FILE: '/nowhere/token' }).codecAccess).toEqual({});
  });

  it.each(['JWKS_URL', 'JWT_ISSUER', 'JWT_AUDIENCE'])(
    'must have a key set, an issuer and an audience, not %s alone',
    (name) => {
      expect(() => codecAccess({ [`APLOS_UPLOAD_CODEC_${name}`]: 'https://login.acme.com/keys' })).toThrow(
        expect.objectContaining({ code: 'SETTINGS_INVALID' }),
      );
    },
  );
});

describe('encryption', () => {
  const encryptionOf = (environment: Record<string, string>) => {
    const { encryption } = loadSettings(environment);
    return encryption.mode === 'on'
      ? encryption.keys.map(({ id, key }) => ({ id, key: key.export() }))
      : encryption.mode;
  };
  const keysFrom = (given: string) => encryptionOf({ APLOS_UPLOAD_ENCRYPTION_KEY: given });
  const key = (id: string, filledWith: number) => ({ id, key: Buffer.alloc(32, filledWith) });

  it.each([
    [`k1:${KEY}`, [key('k1', 7)]],
    [`k.2_a-b:${OTHER_KEY},k1:${KEY}`, [key('k.2_a-b', 9), key('k1', 7)]],
    [` k2:${OTHER_KEY}\n\tk1:${KEY}, `, [key('k2', 9), key('k1', 7)]],
  ])('has the keys in %j, in order', (given, keys) => {
    expect(keysFrom(given)).toEqual(keys);
  });

  it('has the keys in a file', async () => {
    const { path } = await temporaryFile(`k2:${OTHER_KEY}\nk1:${KEY}\n`, 'keys');
    expect(encryptionOf({ APLOS_UPLOAD_ENCRYPTION_KEY_FILE: path })).toEqual([key('k2', 9), key('k1', 7)]);
  });

  it.each([
    ['no id', KEY],
    ['an empty id', `:${KEY}`],
    ['an id with a space', `k 1:${KEY}`],
    ['an id that is too long', `${'k'.repeat(65)}:${KEY}`],
    ['a key of 16 bytes', `k1:${Buffer.alloc(16).toString('base64')}`],
    ['a key of 33 bytes', `k1:${Buffer.alloc(33).toString('base64')}`],
    ['a key in hex', `k1:${Buffer.alloc(32, 7).toString('hex')}`],
    ['an invalid second key', `k1:${KEY} k2:x`],
    ['no key at all', ' , '],
    ['one id for two keys', `k1:${KEY} k1:${OTHER_KEY}`],
  ])('is rejected with %s, which the error does not show', (_what, given) => {
    const problem = problemOf({ APLOS_UPLOAD_ENCRYPTION_KEY: given });
    expect(problem).toContain('APLOS_UPLOAD_ENCRYPTION_KEY');
    expect(problem).not.toContain(KEY.slice(0, 8));
  });

  it('is off only if the setting says so', () => {
    expect(encryptionOf({ APLOS_UPLOAD_ENCRYPTION: 'off' })).toBe('off');
    expect(encryptionOf({})).toBe('unset');
    expect(problemOf({ APLOS_UPLOAD_ENCRYPTION: 'off', APLOS_UPLOAD_ENCRYPTION_KEY: `k1:${KEY}` })).toContain(
      'APLOS_UPLOAD_ENCRYPTION is "off", but an encryption key is set',
    );
  });

  it('never prints a key', () => {
    const settings = loadSettings({ APLOS_UPLOAD_ENCRYPTION_KEY: `k1:${KEY}` });
    const printed = inspect(settings, { depth: Number.POSITIVE_INFINITY }) + JSON.stringify(settings);
    expect(printed).toContain('k1');
    expect(printed).not.toMatch(/07 07|7,7/);
    expect(printed).not.toContain(KEY.slice(0, 8));
  });
});
