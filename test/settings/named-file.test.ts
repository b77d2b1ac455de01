import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/settings/load.js';
import { environmentWithFile } from '../../src/settings/named-file.js';
import { temporalTarget } from '../../src/temporal/connection.js';
import { account, KEY, OTHER_KEY } from '../support/settings.js';
import { temporaryFile } from '../support/temporary-folder.js';

describe('the file that --settings names', () => {
  const fileWith = async (toml: string) => (await temporaryFile(toml, 'settings.toml')).path;

  it('overrides variables that set the same, in any way, and leaves the others', async () => {
    const { path: key } = await temporaryFile(`file:${KEY}`, 'key');
    const path = await fileWith(`[encryption]\nkey_file = "${key}"\n[worker]\nconcurrency = 3`);
    const environment = environmentWithFile(path, {
      APLOS_UPLOAD_ENCRYPTION: 'off',
      APLOS_UPLOAD_CONCURRENCY: '5',
      APLOS_UPLOAD_LIST_LAG: '20',
      APLOS_UPLOAD_SETTINGS: '/another/file',
      PATH: '/bin',
    });
    expect(environment).toEqual({ APLOS_UPLOAD_LIST_LAG: '20', APLOS_UPLOAD_SETTINGS: path, PATH: '/bin' });
    expect(loadSettings(environment, 'client')).toMatchObject({
      encryption: { mode: 'on', keys: [{ id: 'file' }] },
      concurrency: 3,
      listLagMs: 20_000,
    });
  });

  it('replaces a key in the environment by its own', async () => {
    const path = await fileWith(`[encryption]\nkey_command = "echo file:${KEY}"`);
    const environment = environmentWithFile(path, { APLOS_UPLOAD_ENCRYPTION_KEY: `other:${OTHER_KEY}` });
    expect(loadSettings(environment, 'client')).toMatchObject({ encryption: { keys: [{ id: 'file' }] } });
  });

  it.each([
    { TEMPORAL_ADDRESS: 'prod.acme.com:7233' },
    { TEMPORAL_API_KEY: 'secret' },
    { TEMPORAL_TLS: 'true' },
    { TEMPORAL_NAMESPACE: 'prod' },
    { TEMPORAL_PROFILE: 'prod' },
    { TEMPORAL_CONFIG_FILE: '/prod.toml' },
    { TEMPORAL_GRPC_META_TENANT: 'prod' },
  ])('overrides the whole connection to Temporal if it sets part of it: %j', async (given) => {
    const path = await fileWith('[temporal]\naddress = "127.0.0.1:7000"');
    const settings = loadSettings(environmentWithFile(path, given), 'client');
    expect(settings.temporal.variables()).toEqual({ TEMPORAL_ADDRESS: '127.0.0.1:7000' });
    expect(temporalTarget(settings)).toMatchObject({ address: '127.0.0.1:7000', namespace: 'default' });
  });

  it('overrides an account in the environment if it has a default profile', async () => {
    const { path: password } = await temporaryFile('secret', 'password');
    const profile = `user_name = "file@example.com"\npassword_file = "${password}"`;
    const users = async (toml: string) => {
      const settings = loadSettings(environmentWithFile(await fileWith(toml), account));
      return [...settings.profiles].map(([name, { userName }]) => `${name}: ${userName}`);
    };
    expect(await users(`[profiles.default]\n${profile}`)).toEqual(['default: file@example.com']);
    expect(await users(`[profiles.team]\n${profile}`)).toEqual([
      'default: jane@example.com',
      'team: file@example.com',
    ]);
  });

  it('must exist', () => {
    expect(() => environmentWithFile('/nowhere.toml', {})).toThrow(
      /^--settings names \/nowhere\.toml, which cannot be read \(ENOENT\)/,
    );
  });
});

describe('the table [temporal] of the settings file', () => {
  it('sets the connection unless the environment does', async () => {
    const { path } = await temporaryFile('temporal = { address = "file:1", namespace = "pk" }', 's.toml');
    const target = (more: Record<string, string>) =>
      temporalTarget(loadSettings({ APLOS_UPLOAD_SETTINGS: path, ...more }, 'client'));
    expect(target({})).toMatchObject({ address: 'file:1', namespace: 'pk' });
    expect(target({ TEMPORAL_ADDRESS: 'env:2' })).toMatchObject({ address: 'env:2', namespace: 'pk' });
  });

  it("overrides Temporal's own file, which it can name", async () => {
    const own = await temporaryFile('[profile.a]\naddress = "own:1"\nnamespace = "own"', 'temporal.toml');
    const toml = `[temporal]\nconfig_file = "${own.path}"\nprofile = "a"\nnamespace = "pk"`;
    const { path } = await temporaryFile(toml, 'settings.toml');
    const settings = loadSettings({ APLOS_UPLOAD_SETTINGS: path }, 'client');
    expect(temporalTarget(settings)).toMatchObject({ address: 'own:1', namespace: 'pk' });
  });
});
