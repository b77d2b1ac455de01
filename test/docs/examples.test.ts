import { execFile } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startSandbox } from '../../sandbox/sandbox.js';
import { ensureBinaries } from '../../sandbox/servers/binaries.js';
import { fetchWheels } from '../../sandbox/servers/wheels.js';

import type { Receipt } from '../../src/contract/receipt.js';
import { shownExamples } from '../../tools/example-blocks.js';
import { newBucket } from '../support/bucket.js';
import type { RunningWorker } from '../support/warm-worker.js';
import { openWorld, type World } from '../support/world.js';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const CONFIGURATION = join(REPOSITORY, 'samples', 'single-oral-dose.json');
const UNENCRYPTED = { APLOS_UPLOAD_ENCRYPTION_KEY: '', APLOS_UPLOAD_ENCRYPTION: 'off' };
interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('the examples', () => {
  let world: World;
  let worker: RunningWorker;
  let folder: string;
  let env: NodeJS.ProcessEnv;
  let compiled: CommandResult;

  beforeAll(async () => {
    // Inside the package, so that the examples can import it by its name, as users do.
    folder = await mkdtemp(join(REPOSITORY, 'test', '.examples-'));
    const [binaries, python] = await Promise.all([
      ensureBinaries(),
      fetchWheels({
        requirements: join(REPOSITORY, 'tools/requirements-examples.txt'),
        what: "Temporal's SDK for Python, for the tests",
        size: '20 MB',
        instead: '',
      }),
    ]);
    // In the namespace that the examples use, and that no other test does.
    const temporal = { ...inject('temporal'), namespace: 'default' };
    world = await openWorld(temporal, await startSandbox({ s3: await newBucket() }));
    worker = await world.startWorker(UNENCRYPTED);
    env = {
      PATH: [dirname(binaries.temporal), process.env.PATH].join(delimiter),
      HOME: world.folder,
      PYTHONPATH: [python, join(REPOSITORY, 'deploy/python')].join(delimiter),
      TEMPORAL_ADDRESS: world.temporal.address,
      TEMPORAL_HTTP_URL: world.temporal.httpUrl,
    };
    await cp('examples', folder, { recursive: true });
    compiled = await compile();
  });
  afterAll(async () => {
    await world?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Compiles the examples once. `tsx` would do it in each run. */
  async function compile(): Promise<CommandResult> {
    const project = join(folder, 'tsconfig.json');
    const compilerOptions = { noEmit: false, outDir: folder, rootDir: folder };
    const include = ['typescript', 'child-workflow'];
    await writeFile(
      project,
      JSON.stringify({ extends: '../../tsconfig.json', compilerOptions, include, exclude: [] }),
    );
    return run(process.execPath, ['node_modules/typescript7/bin/tsc', '-p', project]);
  }

  /** Runs an example, or a program, the way a user would. */
  async function run(
    name: string,
    args: readonly string[],
    more: NodeJS.ProcessEnv = {},
  ): Promise<CommandResult> {
    const [program = '', ...before] = {
      ts: [process.execPath, join(folder, name.replace(/\.ts$/, '.js'))],
      py: ['python3', join(folder, name)],
      sh: ['sh', join(folder, name)],
    }[name.split('.')[1] ?? ''] ?? [name];
    const options = { cwd: REPOSITORY, env: { ...env, ...more } };
    return promisify(execFile)(program, [...before, ...args], options).then(
      (output) => ({ exitCode: 0, ...output }),
      ({ code, stdout, stderr }) => ({ exitCode: code, stdout, stderr }),
    );
  }

  async function newFile(name: string): Promise<{ path: string; content: Buffer; workflowId: string }> {
    const content = Buffer.from(`subject,time,conc,conc.obs\n1,0,0,0\n1,1,${randomInt(1e9)},1\n`);
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { path: await world.write(name, content), content, workflowId: `pk:${sha256.slice(0, 20)}` };
  }

  const uploadsOf = (fileName: string) => world.sandbox.files.filter((file) => file.fileName === fileName);
  const chargesOf = (fileName: string) =>
    world.sandbox.charges.filter(({ fileId }) => uploadsOf(fileName).some((file) => file.fileId === fileId));

  /** Asserts that the file is stored once with equal bytes, and that one execution was started with the unchanged configuration. */
  async function expectOneUpload(fileName: string, content: Buffer): Promise<void> {
    const [file, ...others] = uploadsOf(fileName);
    expect(others).toEqual([]);
    expect(await world.sandbox.storedBytes(file?.fileId ?? '')).toEqual(content);
    expect(chargesOf(fileName)).toHaveLength(1);
    expect(chargesOf(fileName)[0]?.configuration).toEqual(JSON.parse(await readFile(CONFIGURATION, 'utf8')));
  }

  it('are exactly these, each shown on a page', () => {
    const programs = readdirSync('examples', { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\/.*\.\w+$/.test(name),
    );
    expect(programs.sort()).toEqual([
      'child-workflow/study-workflow.ts',
      'child-workflow/study.ts',
      'nexus/analysis-worker.ts', // run by nexus.test.ts
      'nexus/analysis-workflow.ts',
      'python/upload.py',
      'shell/schedule.sh',
      'shell/upload-with-curl.sh',
      'shell/upload.sh',
      'testing/test_upload.py', // run by `npm run check:first-steps`
      'testing/upload.test.ts',
      'typescript/upload-a-batch.ts',
      'typescript/upload-and-wait.ts',
      'typescript/upload-with-temporals-client.ts',
      'webhooks/receiver.mjs', // run by webhooks.test.ts
    ]);
    expect([...shownExamples()].sort()).toEqual(programs.map((name) => `examples/${name}`));
  });

  it('compile without errors', () => {
    expect(compiled).toMatchObject({ stdout: '', exitCode: 0 });
  });

  const receiptOf: Record<string, (stdout: string) => Receipt> = {
    'shell/upload.sh': (stdout) => JSON.parse(stdout).result,
    'shell/upload-with-curl.sh': (stdout) =>
      JSON.parse(stdout).history.events[0].workflowExecutionCompletedEventAttributes.result[0],
  };
  const uploading = [
    'typescript/upload-and-wait.ts',
    'typescript/upload-with-temporals-client.ts',
    'python/upload.py',
    'shell/upload.sh',
    'shell/upload-with-curl.sh',
  ];

  it.each(uploading)('upload the file once if they run three times: %s', async (example) => {
    const fileName = `${basename(example)}.csv`;
    const { path, content } = await newFile(fileName);
    const [first, ...again] = await Promise.all([
      run(example, [path, CONFIGURATION]),
      run(example, [path, CONFIGURATION]),
    ]);
    again.push(await run(example, [path, CONFIGURATION]));
    expect(first).toMatchObject({ exitCode: 0 });
    const receipt = (receiptOf[example] ?? JSON.parse)(first.stdout) as Receipt;
    expect(receipt).toMatchObject({
      fileName,
      status: 204,
      etagIsMd5: true,
      executions: [{ label: 'day 1' }],
    });
    expect(again.map(({ stdout }) => (receiptOf[example] ?? JSON.parse)(stdout))).toEqual([receipt, receipt]);
    await expectOneUpload(fileName, content);
  });

  it.each(uploading)('print the code and the action of a failed upload: %s', async (example) => {
    const { path } = await newFile(`failing-${basename(example)}.csv`);
    world.sandbox.faults.add({ route: 'start', status: 400 });
    const { exitCode, stdout, stderr } = await run(example, [path, CONFIGURATION]);
    expect(stdout + stderr).toContain('EXECUTION_REFUSED');
    expect(stdout + stderr).toContain('Correct the configuration. Then run aplos-upload analyze');
    expect(exitCode).toBe(example === 'shell/upload-with-curl.sh' ? 0 : 1);
  });

  it('upload the files of a folder, report the failed one, and resume it if they run again', async () => {
    await mkdir(join(world.folder, 'batch'));
    const files = [await newFile('batch/one.csv'), await newFile('batch/two.csv')];
    const runBatch = async () => {
      const args = [join(world.folder, 'batch'), CONFIGURATION, 'study-7'];
      const { exitCode, stdout, stderr } = await run('typescript/upload-a-batch.ts', args);
      const lines = stdout.trim().split('\n');
      return { exitCode, stderr, uploads: lines.map((line) => JSON.parse(line) as { state: string }) };
    };
    world.sandbox.faults.add({ route: 'start', status: 400 });

    const first = await runBatch();
    expect(first).toMatchObject({ exitCode: 1, stderr: '' });
    expect(first.uploads.map(({ state }) => state).sort()).toEqual(['done', 'failed']);
    expect(first.uploads).toContainEqual(expect.objectContaining({ errorCode: 'EXECUTION_REFUSED' }));

    const second = await runBatch();
    expect(second).toMatchObject({ exitCode: 0, uploads: [{ state: 'done' }, { state: 'done' }] });
    for (const { path } of files) expect(chargesOf(basename(path))).toHaveLength(1);
  });

  it('start one workflow with its own ID for each run of a schedule', async () => {
    const { path, content } = await newFile('nightly.csv');
    expect(await run('shell/schedule.sh', [path, CONFIGURATION])).toMatchObject({ exitCode: 0 });
    const pause = [
      '--pause',
      '--schedule-id',
      'nightly-pk',
      '--reason',
      'This may be the time of the schedule.',
    ];
    expect(await run('temporal', ['schedule', 'toggle', ...pause])).toMatchObject({ exitCode: 0 });
    const workflows = async () => {
      const ids = [];
      for await (const { workflowId } of world.client.workflow.list({
        query: "AplosFileName = 'nightly.csv'",
      }))
        ids.push(workflowId);
      return ids;
    };
    const trigger = () => run('temporal', ['schedule', 'trigger', '--schedule-id', 'nightly-pk']);

    await trigger();
    await expect.poll(async () => (await workflows()).length).toBe(1);
    const [workflowId = ''] = await workflows();
    expect(workflowId).toMatch(/^nightly-pk-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const receipt = (await world.rawClient.workflow.getHandle(workflowId).result()) as Receipt;
    expect(receipt.executions).toMatchObject([{ label: 'nightly' }]);
    await expectOneUpload('nightly.csv', content);

    const second = () => `nightly-pk-${new Date().toISOString().slice(0, 19)}Z`;
    await expect.poll(second).not.toBe(workflowId);
    await trigger();
    await expect.poll(async () => (await workflows()).length).toBe(2);
    for (const each of await workflows()) {
      const { executions } = (await world.rawClient.workflow.getHandle(each).result()) as Receipt;
      const origin = each === workflowId ? 'started' : 'found'; // the file is the same
      expect(executions).toMatchObject([{ label: 'nightly', origin }]);
    }
    expect(chargesOf('nightly.csv')).toHaveLength(1);
  });

  it('run an upload as the child of a workflow on another worker', async () => {
    const { path, content, workflowId } = await newFile('child.csv');
    const { exitCode, stdout, stderr } = await run('child-workflow/study.ts', [path, CONFIGURATION]);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(stdout)).toEqual(chargesOf('child.csv').map(({ executionId }) => executionId));
    await expectOneUpload('child.csv', content);
    const { raw } = await world.client.workflow.getHandle(workflowId).describe();
    expect(raw.workflowExecutionInfo?.parentExecution?.workflowId).toBe(workflowId.replace('pk:', 'study:'));
  });

  describe('if the worker has a key', () => {
    beforeAll(async () => {
      await worker.stop();
      await world.startWorker();
    });

    const withKey = () => ({ APLOS_UPLOAD_ENCRYPTION_KEY: world.env.APLOS_UPLOAD_ENCRYPTION_KEY });

    it('upload without the key, and read the receipt with it', async () => {
      const { path, content } = await newFile('encrypted.csv');
      expect(await run('python/upload.py', [path, CONFIGURATION])).toMatchObject({
        exitCode: 1,
        stderr: expect.stringMatching(/^PAYLOAD_UNREADABLE: .* Set APLOS_UPLOAD_ENCRYPTION_KEY/),
      });
      const { stdout } = await run('python/upload.py', [path, CONFIGURATION], withKey());
      expect(JSON.parse(stdout)).toMatchObject({ fileName: 'encrypted.csv', status: 204 });
      await expectOneUpload('encrypted.csv', content);
    });

    it('start, wait and show a status with encrypted payloads by aplos_upload.py', async () => {
      const { path, content } = await newFile('by-module.csv');
      const module = (...args: string[]) =>
        run('python3', [join(REPOSITORY, 'deploy/python/aplos_upload.py'), ...args], withKey());
      const started = await module('start', path, '--config', CONFIGURATION, '--batch', 'study-7');
      const workflowId = started.stdout.trim();
      const receipt = await module('wait', workflowId);
      expect(JSON.parse(receipt.stdout)).toEqual(await world.client.workflow.getHandle(workflowId).result());
      expect(JSON.parse((await module('status', workflowId)).stdout)).toMatchObject({
        status: 'completed',
        fileName: 'by-module.csv',
        batches: ['study-7'],
        executionIds: [expect.any(String)],
        errorCode: null,
      });
      const [stored] = (await world.rawClient.workflow.getHandle(workflowId).fetchHistory()).events ?? [];
      const input = stored?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
      expect(String(input?.metadata?.encoding)).toBe('binary/encrypted');
      await expectOneUpload('by-module.csv', content);
    });

    it('do not accept a result that somebody without the key wrote', async () => {
      const script = [
        'import asyncio, aplos_upload',
        'from temporalio.api.common.v1 import Payload',
        'codec = aplos_upload.AplosUploadCodec("a:" + "A" * 43 + "=")',
        'forged = Payload(metadata={"encoding": b"json/plain"}, data=b\'{"status":204}\')',
        'asyncio.run(codec.decode([forged]))',
      ].join('\n');
      const { exitCode, stderr } = await run('python3', ['-c', script]);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('PAYLOAD_UNTRUSTED: A payload is not encrypted');
    });

    it.each(['typescript/upload-with-temporals-client.ts', 'python/upload.py'])(
      'print the invalid fields of a request without the key: %s',
      async (example) => {
        const { path } = await newFile(`locked-${basename(example)}.csv`);
        const seven = await world.write('seven.json', '7');
        const { exitCode, stdout, stderr } = await run(example, [path, seven]);
        expect(stdout + stderr).toMatch(/REQUEST_INVALID: .*executions\[0\]\.configuration: /);
        expect(exitCode).toBe(1);
      },
    );
  });
});
