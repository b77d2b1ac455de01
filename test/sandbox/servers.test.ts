import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { objectStoreClient } from '../../sandbox/object-store.js';
import { startSeaweed } from '../../sandbox/servers/seaweed.js';
import { startTemporalDevServer } from '../../sandbox/servers/temporal.js';
import { SEARCH_ATTRIBUTES } from '../../src/contract/names.js';
import { send, until } from '../support/sandbox-client.js';

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

  it('are stopped when the sandbox receives a signal', async () => {
    const { child, line } = await program('sandbox/main.ts');
    expect(line).toMatch(/^export APLOS_API_URL='http:\/\/127\.0\.0\.1:\d+'$/);
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
  });
});
