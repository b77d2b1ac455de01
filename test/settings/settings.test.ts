import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { devNull, hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { HostList } from '../../src/http/host-list.js';
import { loadSettings } from '../../src/settings/load.js';
import type { Settings } from '../../src/settings/settings.js';
import { temporaryFile, temporaryFolder } from '../support/temporary-folder.js';

const PASSWORD = 'correct horse battery staple';
const account = { COGNITO_USER_NAME: 'jane@example.com', COGNITO_PASSWORD: PASSWORD };
const KEY = Buffer.alloc(32, 7).toString('base64');
const OTHER_KEY = Buffer.alloc(32, 9).toString('base64');

/** Returns the problem with these settings, without the action. */
function problemOf(environment: Record<string, string>): string {
  try {
    loadSettings(environment);
    return 'none';
  } catch (error) {
    expect(error).toMatchObject({ code: 'SETTINGS_INVALID', retryable: false });
    return (error as { happened: string }).happened;
  }
}

describe('loadSettings', () => {
  it('returns defaults for everything except accounts', () => {
    expect(loadSettings({})).toEqual({
      profiles: new Map(),
      codecAccess: {},
      encryption: { mode: 'unset' },
      uploadRoots: [],
      sharedRoots: [],
      sourceHosts: new HostList(),
      spoolLimitBytes: 1_073_741_824,
      s3Hosts: new HostList(),
      idleTimeoutMs: 60_000,
      listLagMs: 15_000,
      extraCa: undefined,
      shutdownGraceMs: 30_000,
      concurrency: 20,
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

  it('returns an object that cannot be changed', () => {
    const settings: { concurrency: number } = loadSettings({});
    expect(() => {
      settings.concurrency = 1;
    }).toThrow(TypeError);
  });

  it.each([
    ['APLOS_API_URL', 'api.aplos-nca.com', 'must be an http(s) URL'],
    ['APLOS_API_URL', 'ftp://api.aplos-nca.com', 'must be an http(s) URL'],
    ['APLOS_API_VERSION', 'v2', 'must be "v1"'],
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
  ])('throws an error that names %s if it is %j', (name, value, words) => {
    const problem = problemOf({ [name]: value });
    expect(problem).toContain(name);
    expect(problem).toContain(words);
  });

  it('throws if the password file cannot be read', () => {
    expect(problemOf({ COGNITO_USER_NAME: 'jane', COGNITO_PASSWORD_FILE: '/nowhere/password' })).toBe(
      'COGNITO_PASSWORD_FILE names /nowhere/password, which cannot be read (ENOENT)',
    );
  });

  it('throws if there is a password without a user name', () => {
    expect(problemOf({ COGNITO_PASSWORD: 'x' })).toContain('COGNITO_USER_NAME: must be set');
  });

  it('names every invalid variable in one error', () => {
    const problem = problemOf({ ...account, APLOS_API_URL: 'x', APLOS_UPLOAD_CONCURRENCY: 'x' });
    expect(problem).toMatch(/APLOS_API_URL: .*; APLOS_UPLOAD_CONCURRENCY: /);
  });
});

describe('a password', () => {
  const printed = (settings: Settings) => [
    inspect(settings, { depth: Number.POSITIVE_INFINITY, showHidden: true }),
    JSON.stringify([...settings.profiles]),
    String(settings.profiles.get('default')?.password),
    `${settings.profiles.get('default')?.password}`,
  ];

  it('is masked however the settings are printed', () => {
    for (const text of printed(loadSettings(account))) {
      expect(text).toContain('[secret]');
      expect(text).not.toContain(PASSWORD);
    }
  });

  it.each([
    [{ APLOS_API_URL: PASSWORD }],
    [{ COGNITO_USER_NAME: '' }],
    [{ APLOS_UPLOAD_ENCRYPTION_KEY: PASSWORD }],
  ])('does not appear in the error for %j', (wrong) => {
    const problem = problemOf({ ...account, ...wrong });
    expect(problem).not.toBe('none');
    expect(problem).not.toContain(PASSWORD);
  });

  it.each([
    [`${PASSWORD}`, PASSWORD],
    [`${PASSWORD}\n`, PASSWORD],
    [`${PASSWORD}\r\n`, PASSWORD],
    [` ${PASSWORD} \n`, ` ${PASSWORD} `],
  ])('is read from a file without the line break at its end: %j', async (content, password) => {
    const { path } = await temporaryFile(content, 'password');
    const { profiles } = loadSettings({ COGNITO_USER_NAME: 'jane', COGNITO_PASSWORD_FILE: path });
    expect(profiles.get('default')?.password.reveal()).toBe(password);
  });

  it.each([[''], ['\n']])('must not be in an empty file: %j', async (content) => {
    const { path } = await temporaryFile(content, 'password');
    expect(problemOf({ COGNITO_USER_NAME: 'jane', COGNITO_PASSWORD_FILE: path })).toBe(
      `COGNITO_PASSWORD_FILE names ${path}, which is empty`,
    );
  });
});

describe('a secret file', () => {
  async function problemWith(mode: number, owner?: { uid: number; gid: number }) {
    const { path } = await temporaryFile(PASSWORD, 'password');
    await chmod(path, mode);
    if (owner) await chown(path, owner.uid, owner.gid);
    return problemOf({ COGNITO_USER_NAME: 'jane', COGNITO_PASSWORD_FILE: path });
  }

  it.each([0o600, 0o400])('is read if only its owner may: mode %o', async (mode) => {
    expect(await problemWith(mode)).toBe('none');
  });

  it.each([
    [0o644, '0644'],
    [0o604, '0604'],
    [0o660, '0660'],
    [0o620, '0620'],
  ])('is rejected if others may read or write it: mode %o', async (mode, shown) => {
    expect(await problemWith(mode)).toContain(
      `which users other than its owner may read or write (mode ${shown})`,
    );
  });

  it.runIf(process.getuid?.() === 0).each([
    [0o440, 0, 'none'],
    [0o640, 0, 'none'],
    [0o444, 0, '(mode 0444)'],
    [0o440, 1000, '(mode 0440)'],
  ])('may be readable by its group only if root owns it: mode %o, user %d', async (mode, uid, words) => {
    expect(await problemWith(mode, { uid, gid: 1000 })).toContain(words);
  });

  it('is rejected with the command that fixes its mode', async () => {
    const { path } = await temporaryFile(PASSWORD, 'password');
    await chmod(path, 0o644);
    expect(() => loadSettings({ COGNITO_USER_NAME: 'jane', COGNITO_PASSWORD_FILE: path })).toThrow(
      `Run: chmod 600 '${path}'`,
    );
  });
});

describe('a secret command', () => {
  const passwordBy = (command: string) =>
    loadSettings({ COGNITO_USER_NAME: 'jane', COGNITO_PASSWORD_COMMAND: command })
      .profiles.get('default')
      ?.password.reveal();

  it('runs in the shell, and the line break at the end of its output is dropped', () => {
    expect(passwordBy(`printf '${PASSWORD}\\n' | cat`)).toBe(PASSWORD);
  });

  it('can print encryption keys', () => {
    const { encryption } = loadSettings({ APLOS_UPLOAD_ENCRYPTION_KEY_COMMAND: `echo k1:${KEY}` });
    expect(encryption).toMatchObject({ mode: 'on', keys: [{ id: 'k1' }] });
  });

  it.each([
    [`echo '${PASSWORD}'; echo '${PASSWORD}' >&2; exit 3`, 'it exited with code 3'],
    ['kill -9 $$', 'it was ended by SIGKILL'],
    ['true', 'it printed nothing'],
    ['head -c 100000 /dev/zero', 'it printed more than 64 KiB'],
  ])('fails with an error that does not contain its output: %s', (command, words) => {
    const problem = problemOf({ COGNITO_USER_NAME: 'jane', COGNITO_PASSWORD_COMMAND: command });
    expect(problem).toBe(`The command in COGNITO_PASSWORD_COMMAND returned no secret: ${words}`);
  });

  it('does not run for a client, which needs no account', () => {
    const env = { COGNITO_USER_NAME: 'jane', COGNITO_PASSWORD_COMMAND: 'exit 1' };
    expect(loadSettings(env, 'client').profiles.size).toBe(0);
  });
});

describe('the settings file', () => {
  const settingsWith = async (toml: string, environment: Record<string, string> = {}) =>
    loadSettings({
      ...environment,
      APLOS_UPLOAD_SETTINGS: (await temporaryFile(toml, 'settings.toml')).path,
    });

  it('can contain the settings of the environment', async () => {
    expect(
      await settingsWith(`
        ui.url = "https://temporal.acme.com/"
        [worker]
        roots = ["/data", "/more"]
        idle_timeout = 1.5
        shutdown_grace = 10
        list_lag = 20
        concurrency = 3
        [encryption]
        key_command = "echo k1:${KEY}"`),
    ).toMatchObject({
      uploadRoots: ['/data', '/more'],
      idleTimeoutMs: 1_500,
      shutdownGraceMs: 10_000,
      listLagMs: 20_000,
      concurrency: 3,
      uiUrl: 'https://temporal.acme.com',
      encryption: { mode: 'on', keys: [{ id: 'k1' }] },
    });
  });

  it('is overridden by the environment', async () => {
    const toml = '[worker]\nconcurrency = 3\nlist_lag = 20\n[encryption]\nkey_file = "/nowhere"';
    const environment = { APLOS_UPLOAD_CONCURRENCY: '5', APLOS_UPLOAD_ENCRYPTION: 'off' };
    expect(await settingsWith(toml, environment)).toMatchObject({
      concurrency: 5,
      listLagMs: 20_000,
      encryption: { mode: 'off' },
    });
  });

  describe('in its default location', () => {
    const concurrencyIn = async (path: string, environment: (folder: string) => Record<string, string>) => {
      const folder = await temporaryFolder();
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), '[worker]\nconcurrency = 3');
      return loadSettings(environment(folder)).concurrency;
    };

    it('is read from $XDG_CONFIG_HOME/aplos-upload', async () => {
      const path = 'aplos-upload/settings.toml';
      expect(await concurrencyIn(path, (folder) => ({ XDG_CONFIG_HOME: folder, HOME: '/nowhere' }))).toBe(3);
    });

    it('is read from ~/.config/aplos-upload if XDG_CONFIG_HOME is unset or relative', async () => {
      const path = '.config/aplos-upload/settings.toml';
      expect(await concurrencyIn(path, (HOME) => ({ HOME }))).toBe(3);
      expect(await concurrencyIn(path, (HOME) => ({ HOME, XDG_CONFIG_HOME: 'relative' }))).toBe(3);
    });

    it('is not read if APLOS_UPLOAD_SETTINGS names another file', async () => {
      const path = 'aplos-upload/settings.toml';
      const environment = { APLOS_UPLOAD_SETTINGS: devNull };
      expect(await concurrencyIn(path, (folder) => ({ XDG_CONFIG_HOME: folder, ...environment }))).toBe(20);
    });

    it('need not exist', () => {
      expect(loadSettings({ XDG_CONFIG_HOME: '/nowhere', HOME: '/nowhere' })).toEqual(loadSettings({}));
    });
  });

  it.each([
    ['[worker]\nconcurency = 3', 'worker.concurency: unknown key (did you mean concurrency?)'],
    ['[worker]\nconcurrency = "many"', 'worker.concurrency: must be a whole number'],
    ['[worker]\nroots = true', 'worker.roots: must be text or a list of texts, and not be empty'],
    ['worker = 3', 'worker: must be a table'],
    ['profiles = 3', 'profiles: must be a table'],
    ['ui.url = ""', 'ui.url: must be text or a number, and not be empty'],
    ['[worker]\nroots = []', 'worker.roots: must be text or a list of texts, and not be empty'],
    ['[worker]\nconcurrency = ["3"]', 'worker.concurrency: must be text or a number'],
    ['[encryption]\nkey_file = "/nowhere"', 'encryption.key_file names /nowhere, which cannot be read'],
    [`[encryption]\nkey = "k1:${KEY}"`, 'encryption.key: unknown key (did you mean key_file?)'],
    ['[network]\nca_file = "/nowhere"', 'network.ca_file names /nowhere'],
  ])('is rejected with an error that names the key: %j', async (toml, words) => {
    const problem = problemOf({ APLOS_UPLOAD_SETTINGS: (await temporaryFile(toml, 'settings.toml')).path });
    expect(problem).toContain(words);
    expect(problem).not.toContain(KEY);
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
      APLOS_UPLOAD_CODEC_JWT_AUDIENCE: 'temporal-ui',
    };
    const jwt = { jwksUrl: 'https://login.acme.com/keys', audience: 'temporal-ui' };
    expect(codecAccess(jwks)).toEqual({ jwt });
    const both = codecAccess({ ...jwks, APLOS_UPLOAD_CODEC_TOKEN_FILE: path });
    expect(both.token?.reveal()).toBe('a token');
    expect(both.jwt).toEqual(jwt);
  });

  it('is empty, and reads no token, for other programs', () => {
    expect(loadSettings({ APLOS_UPLOAD_CODEC_TOKEN_FILE: '/nowhere/token' }).codecAccess).toEqual({});
  });

  it('must have an audience if it has a key set', () => {
    expect(() => codecAccess({ APLOS_UPLOAD_CODEC_JWKS_URL: 'https://login.acme.com/keys' })).toThrow(
      expect.objectContaining({ code: 'SETTINGS_INVALID' }),
    );
  });
});

describe('profiles in the settings file', () => {
  async function fileWith(toml: (folder: string) => string) {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'secrets'));
    await writeFile(join(folder, 'secrets/team'), 'of the team\n', { mode: 0o600 });
    const path = join(folder, 'settings.toml');
    await writeFile(path, toml(folder));
    return path;
  }
  const team =
    (more = '') =>
    (folder: string) =>
      `[profiles.team]\nuser_name = "team@example.com"\npassword_file = "${folder}/secrets/team"\n${more}`;

  it('are added to the one in the environment', async () => {
    const APLOS_UPLOAD_SETTINGS = await fileWith(
      team('api_url = "https://api.acme.aplos-nca.com/"\nclient_id = "c"\nregion = "r"\n'),
    );
    const { profiles } = loadSettings({ ...account, APLOS_UPLOAD_SETTINGS });
    expect([...profiles.keys()].sort()).toEqual(['default', 'team']);
    expect(profiles.get('default')?.userName).toBe('jane@example.com');
    expect(profiles.get('team')).toMatchObject({
      apiUrl: 'https://api.acme.aplos-nca.com',
      apiVersion: 'v1',
      userName: 'team@example.com',
      clientId: 'c',
      region: 'r',
    });
    expect(profiles.get('team')?.password.reveal()).toBe('of the team');
  });

  it('do not need an account in the environment', async () => {
    const APLOS_UPLOAD_SETTINGS = await fileWith(team());
    const { profiles } = loadSettings({ APLOS_UPLOAD_SETTINGS });
    expect([...profiles]).toMatchObject([['team', { apiUrl: 'https://api.aplos-nca.com' }]]);
  });

  it('are overridden by an account in the environment if both define `default`', async () => {
    const APLOS_UPLOAD_SETTINGS = await fileWith((folder) => team()(folder).replace('team]', 'default]'));
    const { profiles } = loadSettings({ ...account, APLOS_UPLOAD_SETTINGS });
    expect([...profiles]).toMatchObject([['default', { userName: 'jane@example.com' }]]);
  });

  it.each<[what: string, toml: (folder: string) => string, words: string]>([
    ['an unknown key', team('regoin = "x"'), 'profiles.team.regoin: unknown key (did you mean region?)'],
    [
      'a password',
      team(`password = "${PASSWORD}"`),
      'profiles.team.password: unknown key (did you mean password_file?)',
    ],
    [
      'an unknown table',
      team('[proxy]\nurl = "x"'),
      'proxy: unknown key (known keys: profiles, encryption, worker,',
    ],
    ['a misspelled table', team('[workers]\n'), 'workers: unknown key (did you mean worker?)'],
    [
      'a file and a command for one password',
      team('password_command = "x"'),
      'profiles.team.password_command: cannot be combined with password_file',
    ],
    ['an invalid URL', team('api_url = "x"'), 'profiles.team.api_url: must be an http(s) URL'],
    ['no user name', () => '[profiles.team]\npassword_file = "x"', 'profiles.team.user_name: must be set'],
    [
      'a missing password file',
      () => '[profiles.team]\nuser_name = "x"\npassword_file = "/nowhere/x"',
      'profiles.team.password_file names /nowhere/x, which cannot be read (ENOENT)',
    ],
    ['no TOML', () => `password = "${PASSWORD}`, 'is not valid TOML'],
  ])('are rejected with %s', async (_what, toml, words) => {
    const problem = problemOf({ APLOS_UPLOAD_SETTINGS: await fileWith(toml) });
    expect(problem).toContain(words);
    expect(problem).not.toContain(PASSWORD);
  });

  it('are rejected with an error that names the file', async () => {
    const path = await fileWith(() => 'x = 1');
    expect(problemOf({ APLOS_UPLOAD_SETTINGS: path })).toContain(
      `The settings file ${path} is invalid: x: unknown key`,
    );
  });
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
