import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ensureBinaries } from '../../sandbox/servers/binaries.js';
import { COMMAND } from '../../sandbox/worker-process.js';
import { UploadClient } from '../../src/client.js';
import { ADD_BATCH_SIGNAL } from '../../src/contract/batches.js';
import { runWarmCommand } from '../support/command.js';
import { startWorld } from '../support/shared-world.js';
import { table } from '../support/tables.js';
import type { World } from '../support/world.js';

const TOKEN = randomBytes(24).toString('hex');

describe('aplos-upload codec-server', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world?.stop());

  async function start(...args: string[]): Promise<{ url: string; end: () => Promise<number | null> }> {
    const child = spawn(process.execPath, [COMMAND, 'codec-server', '--listen', '127.0.0.1:0', ...args], {
      env: { ...process.env, ...world.env, APLOS_UPLOAD_CODEC_TOKEN: TOKEN },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    return {
      url: /http:\S+/.exec(line)?.[0] ?? '',
      end: async () => {
        const exit = once(child, 'exit');
        child.kill('SIGTERM');
        return ((await exit) as [number | null])[0];
      },
    };
  }

  it("decodes an input for Temporal's CLI if it has the token, encrypts a signal, and stops on SIGTERM", async () => {
    const client = await UploadClient.connect({ client: world.client });
    const source = pathToFileURL(await world.write('shown.csv', table(1_000))).href;
    const { workflowId } = await client.start({ source });
    const { url, end } = await start();
    const { temporal } = await ensureBinaries();
    const { address, namespace } = world.temporal;
    const target = ['--workflow-id', workflowId, '--address', address, '--namespace', namespace];
    const show = ['workflow', 'show', '--detailed', ...target];
    const codec = ['--codec-endpoint', url, '--codec-auth', `Bearer ${TOKEN}`];
    expect((await promisify(execFile)(temporal, show)).stdout).not.toContain(source);
    expect((await promisify(execFile)(temporal, [...show, ...codec])).stdout).toContain(source);

    const signal = ['workflow', 'signal', ...target, '--name', ADD_BATCH_SIGNAL, '--input', '{"batch":"b"}'];
    const header = ['--codec-header', `X-Workflow-Id=${workflowId}`];
    await promisify(execFile)(temporal, [...signal, ...codec, ...header]);
    const { events } = await world.rawClient.workflow.getHandle(workflowId).fetchHistory();
    const signaled = events?.find((event) => event.workflowExecutionSignaledEventAttributes);
    const { payloads } = signaled?.workflowExecutionSignaledEventAttributes?.input ?? {};
    const context = { type: 'workflow', namespace, workflowId } as const;
    const { loadedDataConverter } = world.client.options;
    expect(await decodeArrayFromPayloads(loadedDataConverter, payloads, context)).toEqual([{ batch: 'b' }]);
    expect(await end()).toBe(0);
  });

  it('refuses to start if it could decode for everybody, or for nobody', async () => {
    const cases: [readonly string[], NodeJS.ProcessEnv, string][] = [
      [[], { APLOS_UPLOAD_CODEC_TOKEN: '' }, 'No authentication is configured'],
      [['--no-auth', '--listen', '0.0.0.0:0'], {}, 'Everybody who can reach 0.0.0.0 could decrypt'],
      [[], { APLOS_UPLOAD_ENCRYPTION_KEY: '' }, 'no encryption key is set'],
      [['--origin', 'temporal.acme.com'], {}, '"temporal.acme.com" is not the URL of a Temporal UI'],
    ];
    for (const [args, env, words] of cases) {
      const all = { ...world.env, APLOS_UPLOAD_CODEC_TOKEN: TOKEN, ...env };
      const { exitCode, stderr } = await runWarmCommand(['codec-server', ...args], all);
      expect(stderr).toContain(words);
      expect(exitCode).toBe(2);
    }
  });
});
