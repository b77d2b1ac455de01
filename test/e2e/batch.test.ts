import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMAND } from '../../sandbox/worker-process.js';
import type { ReplayOutcome, UploadStatus } from '../../src/client.js';
import type { Receipt } from '../../src/contract/receipt.js';
import { jsonLines } from '../support/command.js';
import { QUEUED, SHORT_LAG } from '../support/payments.js';
import { startWorld } from '../support/shared-world.js';
import { configuration, smallTable } from '../support/tables.js';
import { untilListed } from '../support/until-listed.js';
import type { World } from '../support/world.js';

/** Holds the files of a command until Ctrl-C. */
const HOLD_FILES = `--import=${new URL('../support/hold-files.mjs', import.meta.url)}`;

function tallyOf(values: readonly string[]): Record<string, number> {
  const tally: Record<string, number> = {};
  for (const value of values) tally[value] = (tally[value] ?? 0) + 1;
  return tally;
}

/** Returns how often each file was stored, by name. */
const storedTimes = ({ sandbox }: World): Record<string, number> =>
  tallyOf(
    sandbox.files.flatMap(({ fileName, uploads }) =>
      uploads.filter(({ status }) => status === 204).map(() => fileName),
    ),
  );

describe('a batch of 60 files, 12 of which fail for three reasons', () => {
  let world: World;
  let refusesZeroDose = true;
  const listedAs = (status: string, count: number) =>
    untilListed(world, `AplosBatch = 'study-7' AND ExecutionStatus = '${status}'`, count);
  const failedOnes = async () =>
    jsonLines<UploadStatus>((await world.run('status', '--batch', 'study-7', '--failed', '--json')).stdout);

  beforeAll(async () => {
    const refuseConfiguration = ({ dosing }: { dosing?: unknown }) =>
      refusesZeroDose && dosing !== undefined ? 'dosing.amount must be more than 0' : undefined;
    world = await startWorld({ refuseConfiguration, ...QUEUED });
    await world.startWorker(SHORT_LAG);
    await world.write('day-1.json', JSON.stringify(configuration));
    await world.write('day-7.json', JSON.stringify({ ...configuration, dosing: { amount: 0 } }));
    for (let file = 1; file <= 60; file++) await world.write(`pk-${file}.csv`, smallTable(file));
    const rows = (from: number, to: number, second: (file: number) => boolean) =>
      Array.from({ length: to - from + 1 }, (_, index) => from + index).flatMap((file) => [
        `pk-${file}.csv,day-1.json`,
        ...(second(file) ? [`pk-${file}.csv,day-7.json`] : []),
      ]);
    const manifest = (lines: string[]) => ['file,configuration', ...lines].join('\n');
    const forbidden = await world.write('forbidden.csv', manifest(rows(1, 4, () => false)));
    const others = await world.write('others.csv', manifest(rows(5, 60, (file) => file > 56)));

    world.sandbox.faults.add({ route: 'presign', status: 403, times: 'always' });
    await world.run('upload', '--manifest', forbidden, '--batch', 'study-7', '--wait');
    world.sandbox.faults.clear();
    world.sandbox.faults.add({
      route: 'upload',
      status: 403,
      headers: { 'content-type': 'application/xml' },
      body: '<?xml version="1.0"?><Error><Code>SignatureDoesNotMatch</Code><Message>No</Message></Error>',
      times: 4,
    });
    const { exitCode, stdout, stderr } = await world.run(
      ...['upload', '--manifest', others, '--batch', 'study-7', '--wait'],
    );
    const failures = stderr.split('\n').filter((line) => line.startsWith('✗'));
    expect(failures.map((line) => /[A-Z0-9]+_[A-Z0-9_]+/.exec(line)?.[0]).sort()).toEqual([
      ...Array(4).fill('EXECUTION_REFUSED'),
      ...Array(4).fill('S3_SIGNATURE_REFUSED'),
    ]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^56 files: 56 started\nResults: /);
    expect(stdout).toContain('48 done');
    expect(stdout).toContain('replay --batch study-7 --failed');
    await listedAs('Completed', 48);
    await listedAs('Failed', 12);
  });
  afterAll(() => world?.stop());

  it('is summarized by `status`, with the cause of each failure', async () => {
    const { stdout } = await world.run('status', '--batch', 'study-7');
    expect(stdout).toMatch(/^60 uploads: (48 done, 12 failed|12 failed, 48 done)\n/);
    for (const code of ['API_FORBIDDEN', 'EXECUTION_REFUSED', 'S3_SIGNATURE_REFUSED'])
      expect(stdout.split(`4 failed: ${code}\n`)).toHaveLength(2);
    expect(stdout).toMatch(
      /^ {2}pk-\d\d\.csv: .*dosing\.amount must be more than 0.*Correct the configuration/m,
    );
    expect(stdout).toMatch(/^ {2}pk-\d\.csv, pk-\d\.csv, pk-\d\.csv, pk-\d\.csv$/m);
    expect(stdout).toContain('Then: aplos-upload replay --batch study-7 --error API_FORBIDDEN\n');
    expect(stdout).toContain('aplos-upload status --batch study-7 --error EXECUTION_REFUSED --each\n');
    expect(tallyOf((await failedOnes()).map(({ failure }) => failure?.code ?? ''))).toEqual({
      API_FORBIDDEN: 4,
      EXECUTION_REFUSED: 4,
      S3_SIGNATURE_REFUSED: 4,
    });
  });

  it('can be filtered by error code, with `status` and with a query of the Temporal UI', async () => {
    const { stdout } = await world.run('status', '--error', 'EXECUTION_REFUSED', '--json');
    expect(
      jsonLines<UploadStatus>(stdout)
        .map(({ fileName }) => fileName)
        .sort(),
    ).toEqual([57, 58, 59, 60].map((file) => `pk-${file}.csv`));
    const query = "AplosBatch = 'study-7' AND AplosErrorCode = 'API_FORBIDDEN'";
    expect((await world.client.workflow.count(query)).count).toBe(4);
  });

  it('is not replayed by a dry run, or without --yes if there is no terminal', async () => {
    const calls = world.sandbox.calls.length;
    const dry = await world.run('replay', '--failed', '--all', '--dry-run');
    expect(dry.stdout).toContain('pk-57.csv: would be resumed at startExecution after EXECUTION_REFUSED');
    expect(dry.stdout).toContain('Nothing was resumed.');
    const unconfirmed = await world.run('replay', '--failed');
    expect(unconfirmed).toMatchObject({ exitCode: 2, stdout: '' });
    expect(unconfirmed.stderr).toContain('8 failed uploads would be resumed. Add --yes');
    expect(unconfirmed.stderr).toMatch(/^ {2}4 API_FORBIDDEN: pk-\d\.csv, /m);
    expect(unconfirmed.stderr).toMatch(/^Skipped, .*\n {2}4 EXECUTION_REFUSED: pk-\d\d\.csv, /m);
    expect(world.sandbox.calls).toHaveLength(calls);
  });

  it('is found by file name, path and page of the Temporal UI', async () => {
    const [upload] = await failedOnes();
    const { workflowId = '', fileName = '' } = upload ?? {};
    const namespace = world.env.TEMPORAL_NAMESPACE ?? 'default';
    const page = `https://temporal.example.com/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}/run/history`;
    for (const reference of [fileName, join(world.folder, fileName), page, workflowId]) {
      const { stdout } = await world.run('status', reference, '--json');
      expect(jsonLines<UploadStatus>(stdout)).toMatchObject([
        { file: fileName, workflowId, state: 'failed' },
      ]);
    }
    const elsewhere = await world.run('status', `/elsewhere/${fileName}`, '--json');
    expect(elsewhere.exitCode).toBe(1);
    expect(jsonLines(elsewhere.stdout)).toMatchObject([{ state: 'unknown', code: 'UPLOAD_UNKNOWN' }]);
    const other = await world.run('status', page.replace(`/${namespace}/`, '/another/'));
    expect(other).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Set TEMPORAL_NAMESPACE.') });
  });

  it('does not resume uploads that would fail again, unless it is told to', async () => {
    const dry = await world.run('replay', '--failed', '--dry-run');
    expect(dry.stdout).toContain(
      'pk-57.csv: skipped, because a replay would fail again: the cause is in the configuration.',
    );
    const named = await world.run('replay', '--error', 'EXECUTION_REFUSED', '--dry-run');
    expect(named.stdout).toContain('pk-57.csv: would be resumed at startExecution after EXECUTION_REFUSED');
  });

  it('resumes the 12 uploads, each at its failed step, once the causes are fixed', async () => {
    refusesZeroDose = false;
    const stored = storedTimes(world);
    const { stdout, exitCode } = await world.run('replay', '--failed', '--all', '--yes', '--json');
    expect(exitCode).toBe(0);
    const outcomes = jsonLines<ReplayOutcome>(stdout);
    expect(tallyOf(outcomes.map((each) => (each.state === 'resumed' ? each.from : each.state)))).toEqual({
      presignUpload: 4,
      uploadFile: 4,
      startExecution: 4,
    });

    await untilListed(world, `AplosBatch = 'study-7' AND ExecutionStatus != 'Failed'`, 60);
    const watched = await world.run('status', '--batch', 'study-7', '--watch');
    expect(watched.stdout).toContain('60 uploads: 60 done\n');
    const sentAgain = Object.keys(stored).filter((fileName) => storedTimes(world)[fileName] !== 1);
    expect(sentAgain).toEqual([]);
    expect(Object.keys(storedTimes(world))).toHaveLength(60);
  });

  it('has exactly one execution for each configuration', () => {
    const { charges, files } = world.sandbox;
    const nameOf = new Map(files.map(({ fileId, fileName }) => [fileId, fileName]));
    const perFile = tallyOf(charges.map(({ fileId }) => nameOf.get(fileId) ?? ''));
    expect(charges).toHaveLength(64);
    expect(new Set(charges.map(({ trackingId }) => trackingId)).size).toBe(64);
    expect(Object.values(perFile).filter((executions) => executions === 2)).toHaveLength(4);
  });

  it('has nothing to resume in a second replay', async () => {
    expect((await world.run('replay', '--failed', '--yes')).stdout).toBe(
      'Nothing to resume: no failed upload matches.\n',
    );
    const [any] = await jsonLines<UploadStatus>(
      (await world.run('status', '--batch', 'study-7', '--json')).stdout,
    );
    const { stdout } = await world.run('replay', any?.workflowId ?? '');
    expect(stdout).toContain('skipped, because it is done');
  });

  it('names an upload whose history Temporal no longer has, and exits with code 1', async () => {
    const { stdout, exitCode } = await world.run('replay', 'default:gone.csv:0');
    expect(stdout).toContain('default:gone.csv:0: skipped, because Temporal no longer has its history');
    expect(exitCode).toBe(1);
  });
});

describe('an upload of many files that is interrupted by Ctrl-C and run again', () => {
  let world: World;
  let args: string[];
  const FILES = 40;
  /** Files that are read before the interrupt. Each was opened before, to check it. */
  const READ = 20;

  beforeAll(async () => {
    world = await startWorld(QUEUED);
    const folder = join(world.folder, 'study-8', 'site 1');
    await mkdir(folder, { recursive: true });
    for (let file = 1; file <= FILES; file++)
      await world.write(`study-8/site 1/pk-${file}.csv`, smallTable(file));
    const config = await world.write('c.json', JSON.stringify(configuration));
    args = ['upload', join(world.folder, 'study-8'), '--config', config, '--batch', 'study-8'];
  });
  afterAll(() => world?.stop());

  it('forecasts what it would do with --dry-run', async () => {
    const { stdout } = await world.run(...args, '--dry-run');
    expect(stdout).toContain('40 files: 40 new. Nothing was started.');
    expect((await world.client.workflow.count('')).count).toBe(0);
  });

  it('leaves the started uploads running when interrupted, and prints their number', async () => {
    const child = spawn(process.execPath, [COMMAND, ...args, '--wait'], {
      env: { ...process.env, ...world.env, NODE_OPTIONS: HOLD_FILES, HOLD_FILES_AFTER: `${FILES + READ}` },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    await expect.poll(async () => (await world.client.workflow.count('')).count).toBeGreaterThan(0);
    child.kill('SIGINT');
    const [exitCode] = await once(child, 'close');
    expect(exitCode).toBe(130);
    const [, started] =
      /Stopped\. (\d+) of 40 uploads were started and continue in the background\./.exec(stderr) ?? [];
    expect(Number(started), stderr).toBeLessThan(FILES);
    await untilListed(world, "ExecutionStatus = 'Running'", Number(started));
  });

  it('starts the rest on the second run, and nothing on the third', async () => {
    await world.startWorker();
    const second = await world.run(...args, '--wait');
    expect(second.stdout).toMatch(/^40 files: .*\d+ started/);
    expect(second.stdout).toContain('Results: 40 done');
    expect(second.exitCode).toBe(0);
    const receipts = jsonLines<Receipt>((await world.run(...args, '--json')).stdout);
    expect(new Set(receipts.map(({ fileId }) => fileId)).size).toBe(FILES);
    const third = await world.run(...args, '--wait');
    expect(third.stdout).toContain('40 files: 40 already done\nResults: 40 done');
    expect(storedTimes(world)).toEqual(
      Object.fromEntries(Array.from({ length: FILES }, (_, index) => [`pk-${index + 1}.csv`, 1])),
    );
    expect(world.sandbox.charges).toHaveLength(FILES);
  });
});
