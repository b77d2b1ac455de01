import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMAND, type WorkerProcess } from '../../sandbox/worker-process.js';
import { type AnalysisPreview, requestForFile, UploadClient } from '../../src/client.js';
import { TASK_QUEUE } from '../../src/contract/names.js';
import type { Receipt } from '../../src/contract/receipt.js';
import { hasWorker } from '../../src/temporal/worker-liveness.js';
import { jsonLines } from '../support/command.js';
import { QUEUED } from '../support/payments.js';
import { startWorld } from '../support/shared-world.js';
import { configuration } from '../support/tables.js';
import type { World } from '../support/world.js';

const TABLE = 'subject,time,conc\n1,0,0\n1,1,12.5\n';
const ON_A_DATE = String.raw`on \d{4}-\d\d-\d\d \d\d:\d\d UTC \(execution \S+, \w+\)`;

describe('what was paid before', () => {
  let world: World;
  let worker: WorkerProcess;
  let file: string;
  let config: string;
  let receipt: Receipt;

  beforeAll(async () => {
    world = await startWorld(QUEUED);
    worker = await world.startWorkerProcess();
    file = await world.write('pk.csv', TABLE);
    config = await world.write('day-1.json', JSON.stringify(configuration));
  });
  afterAll(() => world?.stop());

  const upload = async (...args: readonly string[]) => {
    const { stdout, stderr, exitCode } = await world.run('upload', ...args, '--config', config, '--json');
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    return JSON.parse(stdout) as Receipt;
  };
  const dryRun = (...args: readonly string[]) =>
    world.run('upload', ...args, '--config', config, '--dry-run');
  /** Returns the only analysis of a dry run, and checks that nothing was charged. */
  const preview = async (...args: readonly string[]): Promise<AnalysisPreview> => {
    const charges = world.sandbox.charges.length;
    const { stdout } = await dryRun(...args, '--json');
    const { analyses } = JSON.parse(stdout) as { analyses: AnalysisPreview[] };
    expect(analyses).toHaveLength(1);
    expect(world.sandbox.charges).toHaveLength(charges);
    return analyses[0] ?? expect.fail('There is no analysis');
  };

  it('is nothing for a new file', async () => {
    expect(await preview(file)).toMatchObject({ label: 'day-1', state: 'new', similar: [] });
    const { stdout, stderr } = await dryRun(file);
    expect(stdout).toBe(
      `${file}: would be started; day-1 is new\n\n1 file: 1 new. Nothing was started.\nAnalyses: 1 new.\n`,
    );
    expect(stderr).toBe('');
  });

  it('is each analysis of an upload that is done', async () => {
    receipt = await upload(file);
    const [{ executionId, trackingId } = { executionId: '', trackingId: '' }] = receipt.executions;
    const { state, execution, ...analysis } = await preview(file);
    expect(analysis.trackingId).toBe(trackingId);
    expect({ state, execution }).toMatchObject({
      state: 'paid',
      execution: { executionId, fileName: 'pk.csv' },
    });
    expect((await dryRun(file)).stdout).toMatch(
      new RegExp(
        `^\\S+: already done; day-1 was paid ${ON_A_DATE}\n\n1 file: 1 done. Nothing was started.\nAnalyses: 1 paid before. What was paid before is not started again. To run it again, add --again TEXT.\n$`,
      ),
    );
  });

  it('is checked again for another batch, and not charged', async () => {
    const { stdout } = await dryRun(file, '--batch', 'another');
    expect(stdout).toContain(`${file}: done before, would be checked again for this batch; `);
    expect(stdout).toMatch(new RegExp(`day-1 was paid ${ON_A_DATE}`));
  });

  it('is listed although Temporal has forgotten the upload, and the upload then finds it', async () => {
    const { workflowService, options } = world.client;
    await workflowService.deleteWorkflowExecution({
      namespace: options.namespace,
      workflowExecution: { workflowId: receipt.workflowId },
    });
    const handle = world.client.workflow.getHandle(receipt.workflowId);
    await expect.poll(() => handle.describe().catch(({ name }: Error) => name)).toBe('WorkflowNotFoundError');
    expect((await dryRun(file)).stdout).toMatch(
      new RegExp(`^\\S+: would be started; day-1 was paid ${ON_A_DATE}\n`),
    );
    const charges = world.sandbox.charges.length;
    const { stdout } = await world.run('upload', file, '--config', config, '--wait');
    expect(stdout).toMatch(/^ {4}execution .* day-1 \(\w+\), found, not started again$/m);
    expect(world.sandbox.charges).toHaveLength(charges);
  });

  it('includes the same bytes under another name', async () => {
    const copy = await world.write('copy.csv', TABLE);
    const { executionId } = receipt.executions[0] ?? {};
    expect(await preview(copy)).toMatchObject({
      state: 'new',
      similar: [{ executionId, fileName: 'pk.csv' }],
    });
    expect((await dryRun(copy)).stdout).toMatch(
      new RegExp(
        `day-1 is new, but the same data and configuration were analyzed as "pk.csv" ${ON_A_DATE}\n.*\n.*\nAnalyses: 1 new.\n1 of the new analyses has the same data`,
      ),
    );
  });

  it('includes the same bytes with other metadata', async () => {
    const meta = await world.write('meta.json', '{"study": 7}');
    expect(await preview(file, '--meta', meta)).toMatchObject({ state: 'new', similar: [{}] });
    expect((await dryRun(file, '--meta', meta)).stdout).toMatch(
      new RegExp(`were analyzed with other metadata ${ON_A_DATE}\n`),
    );
  });

  it('is run again for a reason, which the receipt has, and once for each reason', async () => {
    const again = ['--again', 'engine 3.2'];
    expect(await preview(file, ...again)).toMatchObject({ state: 'new', again: 'engine 3.2' });
    const charges = world.sandbox.charges.length;
    const { executions } = await upload(file, ...again);
    expect(executions).toMatchObject([{ origin: 'started', again: 'engine 3.2' }]);
    expect(world.sandbox.charges).toHaveLength(charges + 1);
    expect(await preview(file, ...again)).toMatchObject({
      state: 'paid',
      execution: { executionId: executions[0]?.executionId, again: 'engine 3.2' },
    });
    await upload(file, ...again);
    expect(world.sandbox.charges).toHaveLength(charges + 1);
    const { stdout } = await world.run('upload', file, '--config', config, ...again, '--wait');
    expect(stdout).toMatch(/ day-1 \(\w+\), again: engine 3\.2$/m);
  });

  it('is known to the library, for many requests', async () => {
    const client = await UploadClient.connect({ client: world.client });
    const executions = Array.from({ length: 90 }, (_, index) => ({
      label: `day ${index}`,
      configuration: index === 0 ? configuration : { ...configuration, analysis: index },
    }));
    const request = await requestForFile(file, { executions });
    const states: string[][] = [];
    for await (const { analyses } of client.preview([request, request, request]))
      states.push(analyses.map(({ state }) => state));
    expect(states).toEqual(Array(3).fill(['paid', ...Array(89).fill('new')]));
    await expect(
      client
        .preview([{ ...request, profile: 'none' }])
        [Symbol.asyncIterator]()
        .next(),
    ).rejects.toThrow(
      expect.objectContaining({
        code: 'PROFILE_UNKNOWN',
        message: expect.stringMatching(
          /^This worker has no Aplos profile "none"; it has "default"\. Use one/,
        ),
      }),
    );
  });

  it('cannot be told before the upload for a file that only the worker reads', async () => {
    const { stdout } = await dryRun('s3://bucket/pk.csv');
    expect(stdout).toBe(
      's3://bucket/pk.csv: would be started; day-1 cannot be checked before the upload, because the content of the file is not known\n\n1 file: 1 new. Nothing was started.\nAnalyses: 1 unknown until the upload.\n',
    );
  });

  it('is asked for in workflows that are no uploads', async () => {
    const { stdout } = await world.run('status', '--json');
    const states = jsonLines<{ workflowId: string }>(stdout).map(({ workflowId }) => workflowId);
    expect(states.filter((workflowId) => !workflowId.startsWith('default:'))).toEqual([]);
    const query = "WorkflowType = 'previewAnalyses'";
    expect((await world.client.workflow.count(query)).count).toBeGreaterThan(5);
  });

  it('is printed before the uploads start on a terminal, without a question', async () => {
    const copy = await world.write('other-name.csv', TABLE);
    const { exitCode, text } = await onTerminal('upload', file, copy, '--config', config);
    expect(text).toMatch(
      new RegExp(
        `^pk.csv: day-1 was paid ${ON_A_DATE}\nother-name.csv: day-1 is new, but the same .* as "pk.csv" ${ON_A_DATE}\nAnalyses: 1 new, 1 paid before\\. .*--again TEXT\\.\n1 of the new analyses .*\nThe subscription has [\\d,]+ of 10,000 executions left\\.\npk.csv: already done, .*\nother-name.csv: started, `,
      ),
    );
    expect(exitCode).toBe(0);
  });

  it('is summed up on a terminal for more than 20 files', async () => {
    const names = Array.from({ length: 21 }, (_, index) => `many-${index}.csv`);
    const files = await Promise.all(names.map((name) => world.write(name, `${TABLE}2,0,${name.length}\n`)));
    const { exitCode, text } = await onTerminal('upload', ...files, '--config', config);
    expect(text).toMatch(
      /^Checking what Aplos already has of 21 files\.\nAnalyses: 21 new\.\n[\s\S]*21 files: 21 started\n/,
    );
    expect(exitCode).toBe(0);
  });

  it('is unknown without a worker: the dry run then says what Temporal knows', async () => {
    worker.child.kill('SIGSTOP'); // Temporal does not know of it yet
    const slow = await dryRun(file);
    worker.child.kill('SIGCONT');
    await worker.stop();
    const { workflowService, options } = world.client;
    await expect.poll(() => hasWorker(workflowService, options.namespace, TASK_QUEUE)).toBe(false);
    const missing = await dryRun(file);
    for (const { stdout, exitCode } of [slow, missing]) {
      expect(stdout).toBe(`${file}: already done\n\n1 file: 1 done. Nothing was started.\n`);
      expect(exitCode).toBe(0);
    }
    const warning = (happened: string) =>
      `! Cannot tell which analyses were paid before. WORKER_MISSING: ${happened}, so it is not known which analyses Aplos already has. Start a worker with \`aplos-upload worker\`.\n`;
    expect(slow.stderr).toBe(warning('No worker responded within 10 seconds'));
    expect(missing.stderr).toBe(warning('No worker is running'));
  });

  /** Runs the command in a pseudo-terminal. */
  async function onTerminal(...args: readonly string[]): Promise<{ exitCode: number | null; text: string }> {
    const command = [process.execPath, COMMAND, ...args].map((each) => `'${each}'`).join(' ');
    const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      env: { ...process.env, ...world.env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
    const [exitCode] = (await once(child, 'close')) as [number | null];
    return { exitCode, text: text.replaceAll('\r\n', '\n') };
  }
});
