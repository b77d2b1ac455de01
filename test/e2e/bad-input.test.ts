import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, runWarmCommand } from '../support/command.js';
import { startWorld } from '../support/shared-world.js';
import type { World } from '../support/world.js';

const TABLE = 'subject,time,conc\n1,0,0\n1,1,12.5\n';
const CONFIGURATION = JSON.stringify({ version: '2024-02-22', columns: { time: 'time' } });

describe('aplos-upload, given bad input', () => {
  let world: World;
  let csv: string;
  let config: string;

  beforeAll(async () => {
    world = await startWorld();
    await world.startWorker();
    csv = await world.write('pk.csv', TABLE);
    config = await world.write('c.json', CONFIGURATION);
    await world.write('empty.csv', '');
    await world.write('pk.pdf', TABLE);
    await world.write('broken.json', '{"a":');
    await world.write('list.json', '[]');
    await world.write('large.json', JSON.stringify({ padding: 'x'.repeat(1_048_576) }));
    await world.write('deep.json', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
    await mkdir(join(world.folder, 'folder.csv'));
  });
  afterAll(() => world?.stop());

  it.each([
    ['a missing file', ['missing.csv', '--config', 'c.json'], 'FILE_NOT_FOUND: There is no file'],
    ['an empty file', ['empty.csv', '--config', 'c.json'], 'FILE_EMPTY: The file'],
    ['a folder without data files', ['folder.csv', '--config', 'c.json'], 'contains no data files'],
    ['a glob that matches no file', ['none-*.csv', '--config', 'c.json'], 'No file matches "none-*.csv"'],
    ['a device', ['/dev/null', '--config', 'c.json'], 'FILE_NOT_REGULAR: '],
    ['a folder that does not exist', ['stdy-7', '--config', 'c.json'], 'FILE_NOT_FOUND: '],
    ['neither files nor a manifest', ['--config', 'c.json'], 'No files are given.'],
    ['a manifest and files', ['pk.csv', '--manifest', 'm.csv'], 'The manifest already names files'],
    ['a missing manifest', ['--manifest', 'm.csv'], '--manifest m.csv cannot be read (ENOENT)'],
    ['an unsupported file type', ['pk.pdf', '--config', 'c.json'], 'FILE_TYPE_UNSUPPORTED: '],
    ['a configuration that is not JSON', ['pk.csv', '--config', 'broken.json'], 'broken.json is not JSON'],
    [
      'a configuration that is not an object',
      ['pk.csv', '--config', 'list.json'],
      'list.json is not a JSON object',
    ],
    ['a missing configuration', ['pk.csv', '--config', 'none.json'], 'none.json cannot be read (ENOENT)'],
    [
      'too large a configuration',
      ['pk.csv', '--config', 'large.json'],
      'bytes as JSON, but at most 1,048,576 are allowed',
    ],
    [
      'too deeply nested a configuration',
      ['pk.csv', '--config', 'deep.json'],
      'is nested deeper than 64 levels',
    ],
    ['no configuration', ['pk.csv'], 'No configuration is given for the executions. Add --config FILE'],
    [
      'metadata that is not JSON',
      ['pk.csv', '--config', 'c.json', '--meta', 'broken.json'],
      'broken.json is not JSON',
    ],
    [
      'an unknown option',
      ['pk.csv', '--config', 'c.json', '--wiat'],
      "REQUEST_INVALID: Unknown option '--wiat'. Did you mean --wait?",
    ],
  ])('exits with code 2 before it starts anything: %s', async (_what, args, message) => {
    const { exitCode, stderr, stdout } = await runWarmCommand(['upload', ...args], world.env, world.folder);
    expect(stderr).toContain(message);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });

  it('names every bad file, and does not start the good one', async () => {
    const { stderr } = await runWarmCommand(
      ['upload', 'pk.csv', 'missing.csv', 'empty.csv', '--config', 'c.json'],
      world.env,
      world.folder,
    );
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringContaining('FILE_NOT_FOUND'),
      expect.stringContaining('FILE_EMPTY'),
    ]);
    expect(world.sandbox.files).toEqual([]);
  });

  it.runIf(process.getuid?.() === 0)('exits with code 2 if the file is not readable', async () => {
    const path = await world.write('secret.csv', TABLE);
    await chmod(path, 0o000);
    await chmod(world.folder, 0o755);
    const nobody = { uid: 65534, gid: 65534 };
    const { exitCode, stderr } = await runCommand(['upload', path, '--config', config], world.env, nobody);
    expect(stderr).toContain('FILE_UNREADABLE: ');
    expect(exitCode).toBe(2);
  });

  it('starts nothing, exits with code 2 and names the known profiles if the worker does not have the profile', async () => {
    const { exitCode, stderr } = await world.run(
      'upload',
      csv,
      '--config',
      config,
      '--profile',
      'acme',
      '--wait',
    );
    expect(stderr).toMatch(
      /^✗ PROFILE_UNKNOWN: This worker has no Aplos profile "acme"; it has "default"\. Use one of the profiles/,
    );
    expect(stderr).not.toContain('replay');
    expect(exitCode).toBe(2);
    expect((await world.client.workflow.count("AplosProfile = 'acme'")).count).toBe(0);
  });

  it('exits with code 1 and names the setting to check if Temporal is unreachable', {
    tags: ['REQ-30'],
  }, async () => {
    const env = { ...world.env, TEMPORAL_ADDRESS: '127.0.0.1:1' };
    const commands = [['upload', csv, '--config', config], ['worker'], ['doctor'], ['status', 'x']];
    for (const { exitCode, stderr, stdout } of await Promise.all(
      commands.map((args) => runWarmCommand(args, env)),
    )) {
      expect(stderr + stdout).toMatch(
        /TEMPORAL_UNREACHABLE: Cannot reach Temporal at 127\.0\.0\.1:1, .* Check TEMPORAL_ADDRESS/,
      );
      expect(exitCode).toBe(1);
    }
  });

  it('exits with code 1 if Aplos presigns for a bucket that is not listed, and prints the line that lists it', async () => {
    const env = { ...world.env, APLOS_UPLOAD_S3_BUCKETS: 'aplos-uploads' };
    const { exitCode, stdout } = await runWarmCommand(['doctor'], env);
    const { bucket } = world.sandbox.s3;
    expect(stdout).toMatch(
      new RegExp(`✗ Upload target of "default": S3_BUCKET_REFUSED: .* the bucket "${bucket}" at 127.0.0.1`),
    );
    expect(stdout).toContain(`  APLOS_UPLOAD_S3_BUCKETS=aplos-uploads,${bucket}\n`);
    expect(exitCode).toBe(1);
  });

  it('exits with code 1 if the password is wrong, and does not print it', async () => {
    const { exitCode, stdout } = await runWarmCommand(['doctor'], {
      ...world.env,
      COGNITO_PASSWORD: 'not this one',
    });
    expect(stdout).toMatch(
      /✗ Login and presign as "default": LOGIN_REFUSED: .*Correct COGNITO_USER_NAME and COGNITO_PASSWORD/,
    );
    expect(stdout).not.toContain('not this one');
    expect(exitCode).toBe(1);
  });

  it('exits with code 1 and names the URL if the API is not Aplos', async () => {
    const env = { ...world.env, APLOS_API_URL: world.temporal.uiUrl };
    const { exitCode, stdout } = await runWarmCommand(['doctor'], env);
    expect(stdout).toContain(
      `API_ANSWER_UNEXPECTED: ${world.temporal.uiUrl}/app/configuration did not return the configuration of an Aplos NCA API`,
    );
    expect(stdout).toContain('Check APLOS_API_URL');
    expect(exitCode).toBe(1);
  });

  it.each([
    [{ APLOS_API_URL: 'ftp://x' }, 'APLOS_API_URL: must be an http(s) URL'],
    [
      { COGNITO_PASSWORD: '' },
      'COGNITO_PASSWORD or COGNITO_PASSWORD_FILE or COGNITO_PASSWORD_COMMAND: must be set',
    ],
    [{ COGNITO_USER_NAME: '', COGNITO_PASSWORD: '' }, 'No Aplos account is configured'],
    [{ APLOS_UPLOAD_IDLE_TIMEOUT: 'soon' }, 'APLOS_UPLOAD_IDLE_TIMEOUT: must be a number of seconds'],
    [{ APLOS_UPLOAD_CONCURENCY: '3' }, 'did you mean APLOS_UPLOAD_CONCURRENCY?'],
    [{ NODE_TLS_REJECT_UNAUTHORIZED: '0' }, 'turns off certificate verification'],
    [{ APLOS_UPLOAD_ENCRYPTION_KEY: 'short' }, 'APLOS_UPLOAD_ENCRYPTION_KEY: must contain keys as ID:KEY'],
  ])('prints one line and starts no worker, given %j', async (env, message) => {
    const { exitCode, stderr } = await runWarmCommand(['worker'], { ...world.env, ...env });
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringContaining(message)]);
    expect(exitCode).toBe(2);
  });

  it.each([
    ['upload', ['upload', 'missing.csv', '--config', 'c.json'], {}],
    ['worker', ['worker'], { APLOS_UPLOAD_IDLE_TIMEOUT: 'soon' }],
  ])(
    'finds a mistake before it loads the SDK of Temporal, which takes longer: %s',
    async (_name, args, env) => {
      const listModules = `
      import { createRequire } from 'node:module';
      const { cache } = createRequire(${JSON.stringify(import.meta.url)});
      process.on('exit', () => console.log(Object.keys(cache).join()));`;
      const { exitCode, stdout } = await runCommand(
        args,
        {
          ...world.env,
          ...env,
          NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(listModules)}`,
        },
        { cwd: world.folder },
      );
      expect(exitCode).toBe(2);
      expect(stdout).toContain('commander');
      expect(stdout).not.toContain('@temporalio');
    },
  );

  it('prints the command to run and starts no worker if search attributes are missing', async () => {
    await world.client.connection.operatorService.removeSearchAttributes({
      namespace: world.temporal.namespace,
      searchAttributes: ['AplosBatch'],
    });
    const { exitCode, stderr } = await world.run('worker');
    expect(stderr).toContain(
      `Run: aplos-upload setup. Or: temporal operator search-attribute create --namespace ${world.temporal.namespace} --name AplosBatch --type KeywordList`,
    );
    expect(exitCode).toBe(1);
  });
});
