import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, runWarmCommand } from '../support/command.js';
import { startWorld } from '../support/shared-world.js';
import { temporaryFile, temporaryFolder } from '../support/temporary-folder.js';
import type { World } from '../support/world.js';

describe('aplos-upload init', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());

  /** Variables of this test environment; everything else comes from options. */
  const base = () => ({
    XDG_CONFIG_HOME: world.folder,
    COGNITO_ENDPOINT: world.env.COGNITO_ENDPOINT,
    APLOS_UPLOAD_S3_HOSTS: world.env.APLOS_UPLOAD_S3_HOSTS,
    NO_COLOR: '1',
  });

  async function optionsFor(folder: string): Promise<string[]> {
    const { path: password } = await temporaryFile(`${world.sandbox.user.password}\n`, 'password');
    const { address, namespace } = world.temporal;
    const connection = ['--temporal', address, '--namespace', namespace];
    const account = ['--user', world.sandbox.user.userName, '--password-file', password];
    return [...connection, ...account, '--api-url', world.sandbox.apiUrl, '--root', folder];
  }

  it('writes a private file with which the checks of doctor pass, except that of workers', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'new', 'settings.toml');
    const written = await runWarmCommand(['init', '--settings', file, ...(await optionsFor(folder))], base());
    expect(written.stderr).toBe('');
    expect(written.stdout).toContain(`✓ Wrote ${file}. Only you can read it.`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).toContain(`s3_buckets = [ "${world.sandbox.s3.bucket}" ]`);
    const { stdout } = await runWarmCommand(['doctor', '--settings', file, '--json'], base());
    const checks = jsonLines<{ ok: boolean; code?: string }>(stdout);
    expect(checks.filter(({ ok }) => !ok).map(({ code }) => code)).toEqual(['WORKER_MISSING']);
  });

  it('writes nothing if a check fails, and says why', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'settings.toml');
    const options = await optionsFor(folder);
    const wrong: [option: string, value: string, code: string][] = [
      ['--temporal', '127.0.0.1:1', 'TEMPORAL_UNREACHABLE'],
      ['--namespace', 'nowhere', 'NAMESPACE_UNKNOWN'],
      ['--user', 'nobody@example.com', 'LOGIN_USER_UNKNOWN'],
      ['--root', join(folder, 'missing'), 'SETTINGS_INVALID'],
    ];
    for (const [option, value, code] of wrong) {
      const args = ['init', '--settings', file, ...options, option, value];
      const { stderr, exitCode } = await runWarmCommand(args, base());
      expect(stderr).toContain(`✗ ${code}: `);
      expect(exitCode).not.toBe(0);
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it('does not replace a file, unless it is told to', async () => {
    const { path } = await temporaryFile('# mine', 'settings.toml');
    const args = ['init', '--settings', path, '--client', '--no-check', '--temporal', 'localhost:7233'];
    expect(await runWarmCommand(args, base())).toMatchObject({ exitCode: 2 });
    expect(await readFile(path, 'utf8')).toBe('# mine');
    expect(await runWarmCommand([...args, '--force'], base())).toMatchObject({ exitCode: 0 });
    expect(await readFile(path, 'utf8')).toContain('[temporal]');
  });

  it('creates a key if Temporal is on another machine, and keeps it when it is run again', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'settings.toml');
    const args = [
      'init',
      '--settings',
      file,
      '--client',
      '--no-check',
      '--force',
      '--temporal',
      'acme.example:7233',
    ];
    const { stdout } = await runWarmCommand(args, base());
    const key = join(folder, 'encryption-key');
    expect(stdout).toContain(`Created the encryption key ${key}. Copy it to every worker and client`);
    expect((await stat(key)).mode & 0o777).toBe(0o600);
    const before = await readFile(key, 'utf8');
    await runWarmCommand(args, base());
    expect(await readFile(key, 'utf8')).toBe(before);
  });

  it('names the options that are missing if nobody can be asked', async () => {
    const { stderr, exitCode } = await runWarmCommand(['init'], base());
    expect(stderr).toContain('Add --user and --password-file or --password-command, or --client');
    expect(exitCode).toBe(2);
  });
});
