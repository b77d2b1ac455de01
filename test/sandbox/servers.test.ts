import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { objectStoreClient } from '../../sandbox/object-store.js';
import { startSeaweed } from '../../sandbox/servers/seaweed.js';
import { startTemporalDevServer } from '../../sandbox/servers/temporal.js';
import { createSettingsFolder } from '../../sandbox/settings-folder.js';
import { COMMAND } from '../../sandbox/worker-process.js';
import { SEARCH_ATTRIBUTES } from '../../src/contract/names.js';
import { runCommand } from '../support/command.js';
import { send, until } from '../support/sandbox-client.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const runs = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const gone = (pid: number) =>
  until(
    async () => runs(pid),
    (still) => !still,
  );

/** Runs a program of this repository, and returns the first line it prints. */
async function program(...args: string[]): Promise<{ child: ChildProcess; line: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface(child.stdout), 'line');
  return { child, line };
}

describe('SeaweedFS', () => {
  it('keeps its objects and port when killed and restarted, and leaves nothing behind', async () => {
    const s3 = await startSeaweed();
    const client = objectStoreClient(s3);
    await client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: 'k', Body: 'kept' }));
    const killed = s3.pid;
    await s3.kill('SIGKILL');
    expect(runs(killed)).toBe(false);
    await s3.restart();
    const { Body } = await client.send(new GetObjectCommand({ Bucket: s3.bucket, Key: 'k' }));
    expect(await Body?.transformToString()).toBe('kept');
    client.destroy();
    await s3.stop();
    expect(runs(s3.pid)).toBe(false);
  });
});

describe('the Temporal dev server', () => {
  it('has the search attributes and a UI, and keeps its database when killed and restarted', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'aplos-test-'));
    const dbFilename = join(folder, 'temporal.db');
    const server = await startTemporalDevServer({ dbFilename });
    expect((await send(server.uiUrl)).status).toBe(200);
    await server.kill('SIGKILL');
    await server.restart();
    const attributes = await send<{ customAttributes: object }>(
      `${server.httpUrl}/api/v1/namespaces/default/search-attributes`,
    );
    expect(Object.keys(attributes.body.customAttributes)).toEqual(
      expect.arrayContaining(Object.keys(SEARCH_ATTRIBUTES)),
    );
    await server.stop();
    expect(runs(server.pid)).toBe(false);
    expect(existsSync(dbFilename)).toBe(true);
    await rm(folder, { recursive: true });
  });

  it('reports why it does not start', async () => {
    await expect(startTemporalDevServer({ extraArgs: ['--no-such-flag'] })).rejects.toThrow('no-such-flag');
  });
});

describe('servers of this process', () => {
  it('are killed when this process is killed', async () => {
    const { child, line } = await program('test/support/two-servers.ts');
    child.kill('SIGKILL');
    for (const pid of JSON.parse(line)) await gone(pid);
  });
});

describe('aplos-upload sandbox', () => {
  it('removes its folder when it receives a signal', async () => {
    const folder = join(await temporaryFolder(), 'sandbox');
    const settings = join(folder, 'settings.toml');
    const { child, line } = await program(
      COMMAND,
      'sandbox',
      '--no-worker',
      '--json',
      '--settings',
      settings,
    );
    const { settingsFile, aplos } = JSON.parse(line);
    expect(aplos.apiUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(settingsFile).toBe(settings);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    await expect(createSettingsFolder(join(folder, 'settings.toml'))).rejects.toThrow(
      `A sandbox is running with the folder ${folder} (process ${child.pid}). Stop it, or name a file in another folder with --settings.`,
    );
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
    expect(existsSync(folder)).toBe(false);
  });

  it('runs a command with settings that all commands take, and exits with its code', async () => {
    const folder = await temporaryFolder();
    const script = `node ${COMMAND} settings --settings sandbox/settings.toml; echo "$TEMPORAL_ADDRESS"; exit 7`;
    const { stdout, stderr, exitCode } = await runCommand(
      ['sandbox', '--no-worker', '--settings', 'sandbox/settings.toml', '--', 'sh', '-c', script],
      { TEMPORAL_ADDRESS: 'temporal.acme.com:7233', COGNITO_USER_NAME: 'jane', COGNITO_PASSWORD: 'secret' },
      { cwd: folder },
    );
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 7 });
    const address = stdout.trim().split('\n').at(-1);
    expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(stdout).toMatch(
      new RegExp(`TEMPORAL_ADDRESS +${address} +sandbox/settings.toml, temporal.address`),
    );
    expect(stdout).toMatch(/profiles\.default\.user_name +pharmacometrics@example\.com/);
  });
});

describe('the folder of a sandbox', () => {
  it('is replaced if a sandbox left it behind, and refused if it is another one', async () => {
    const folder = join(await temporaryFolder(), 'sandbox');
    await createSettingsFolder(join(folder, 'settings.toml'));
    await writeFile(join(folder, 'sandbox.pid'), `${2 ** 22 + 1}`);
    await writeFile(join(folder, 'settings.toml'), '');
    await createSettingsFolder(join(folder, 'settings.toml'));
    expect(existsSync(join(folder, 'settings.toml'))).toBe(false);
    await rm(join(folder, 'sandbox.pid'));
    await expect(createSettingsFolder(join(folder, 'settings.toml'))).rejects.toThrow(
      `The folder ${folder} exists, and is not of a sandbox. Name a file in a new folder with --settings.`,
    );
  });
});
