import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { devNull } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/settings/load.js';
import { account, KEY, PASSWORD, problemOf } from '../support/settings.js';
import { temporaryFile, temporaryFolder } from '../support/temporary-folder.js';

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

  it('may start with a byte order mark', async () => {
    expect(await settingsWith('\ufeff[worker]\nconcurrency = 3')).toMatchObject({ concurrency: 3 });
  });

  it('is rejected in another encoding, with the line', async () => {
    const file = async (content: Buffer) =>
      problemOf({ APLOS_UPLOAD_SETTINGS: (await temporaryFile(content, 'settings.toml')).path });
    const text = '[worker]\nroots = ["/Größe"]';
    expect(await file(Buffer.from(text, 'utf16le'))).toMatch(
      /settings\.toml, which is UTF-16 .* from line 1 on/,
    );
    expect(await file(Buffer.from(text, 'latin1'))).toMatch(/settings\.toml, which is not UTF-8 in line 2/);
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

  describe.skipIf(process.platform === 'win32')('that other users can change', () => {
    const ACCOUNT = '[profiles.default]\nuser_name = "jane"\npassword_command = "echo secret"';
    const COMMAND = `[encryption]\nkey_command = "echo k1:${KEY}"`;
    const OTHERS = '[worker]\nconcurrency = 3';

    it.each<[what: string, toml: string, mode: number, folderMode: number, problem: RegExp | undefined]>([
      [
        'a command, writable by the group',
        COMMAND,
        0o664,
        0o755,
        /^The settings file (.*) can be changed by .* \(mode 0664\)\. /,
      ],
      [
        'a command, writable by others',
        COMMAND,
        0o646,
        0o755,
        /can be changed by users other than its owner \(mode 0646\)/,
      ],
      ['an account, writable by the group', ACCOUNT, 0o660, 0o755, /can be changed by/],
      [
        'a command, in a folder that the group may write',
        COMMAND,
        0o600,
        0o775,
        /can be replaced by .* \(mode 0775\)/,
      ],
      ['a command, in a folder like /tmp', COMMAND, 0o600, 0o1777, undefined],
      ['a command, readable by all', COMMAND, 0o644, 0o755, undefined],
      ['neither commands nor accounts, writable by the group', OTHERS, 0o664, 0o775, undefined],
    ])('is refused or read, with %s', async (_what, toml, mode, folderMode, problem) => {
      const { path } = await temporaryFile(toml, 'settings.toml');
      await chmod(path, mode);
      await chmod(dirname(path), folderMode);
      const load = () => loadSettings({ APLOS_UPLOAD_SETTINGS: path });
      if (problem === undefined) return expect(load).not.toThrow();
      expect(load).toThrow(problem);
      expect(load).toThrow(`Run: chmod go-w ${problem.source.includes('replaced') ? dirname(path) : path}`);
      await chmod(path, mode & ~0o022);
      await chmod(dirname(path), folderMode & ~0o022);
      expect(load).not.toThrow();
    });

    it('is refused if the file behind a symlink can be replaced', async () => {
      const { path } = await temporaryFile(COMMAND, 'settings.toml');
      const link = join(await temporaryFolder(), 'settings.toml');
      await symlink(path, link);
      await chmod(dirname(path), 0o777);
      expect(() => loadSettings({ APLOS_UPLOAD_SETTINGS: link })).toThrow(`chmod go-w ${dirname(path)}`);
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
      expect(await concurrencyIn(path, (folder) => ({ XDG_CONFIG_HOME: folder, ...environment }))).toBe(50);
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
      team('api_url = "https://api.acme.aplos-nca.com/"\nclient_id = "c"\nregion = "eu-west-1"\n'),
    );
    const { profiles } = loadSettings({ ...account, APLOS_UPLOAD_SETTINGS });
    expect([...profiles.keys()].sort()).toEqual(['default', 'team']);
    expect(profiles.get('default')?.userName).toBe('jane@example.com');
    expect(profiles.get('team')).toMatchObject({
      apiUrl: 'https://api.acme.aplos-nca.com',
      apiVersion: 'auto',
      userName: 'team@example.com',
      clientId: 'c',
      region: 'eu-west-1',
    });
    expect(profiles.get('team')?.password.reveal()).toBe('of the team');
  });

  it("take the vendor's client_key for client_id, but not both", async () => {
    const profile = async (more: string) =>
      loadSettings({ APLOS_UPLOAD_SETTINGS: await fileWith(team(more)) }).profiles.get('team');
    expect(await profile('client_key = "c"\n')).toMatchObject({ clientId: 'c' });
    await expect(profile('client_id = "c"\nclient_key = "d"\n')).rejects.toThrow('client_key');
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
      'proxy: unknown key (known keys: profiles, temporal, encryption, worker,',
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
