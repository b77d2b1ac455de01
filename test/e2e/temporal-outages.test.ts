import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox } from '../../sandbox/sandbox.js';
import { startTemporalDevServer, type TemporalDevServer } from '../../sandbox/servers/temporal.js';
import { COMMAND } from '../../sandbox/worker-process.js';
import { newBucket } from '../support/bucket.js';
import { runCommand } from '../support/command.js';
import { QUEUED, SHORT_LAG } from '../support/payments.js';
import { configuration, table } from '../support/tables.js';
import { untilListed } from '../support/until-listed.js';
import { openWorld, SURVIVES_A_KILL, type World } from '../support/world.js';

const FILES = 30;
const REPORTS = /! (TEMPORAL_\w+): .*, since \d\d:\d\d:\d\d\. Still waiting|✓ Temporal is available again\./g;

/** A running command, and what it has printed. */
interface Running {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly exitCode: Promise<unknown>;
}

describe('commands that wait while Temporal is unavailable', () => {
  let folder: string;
  let temporal: TemporalDevServer;
  let world: World;
  let config: string;
  const running: Record<string, Running> = {};

  function start(name: string, ...args: string[]): Running {
    const child = spawn(process.execPath, [COMMAND, ...args], { env: { ...process.env, ...world.env } });
    const texts = [child.stdout, child.stderr].map((stream) => {
      let text = '';
      stream.setEncoding('utf8').on('data', (more: string) => {
        text += more;
      });
      return () => text;
    });
    const [stdout = String, stderr = String] = texts;
    const command = { child, stdout, stderr, exitCode: once(child, 'close').then(([code]) => code) };
    running[name] = command;
    return command;
  }

  const each = () => Object.values(running);
  /** Returns what a command has reported of Temporal, in order: the code of an outage, or that it is available again. */
  const reported = ({ stderr }: Running) =>
    [...stderr().matchAll(REPORTS)].map(([, code = 'available']) => code);
  /** Waits until all commands have reported this last. Checks that each reported every outage once, and every end of one. */
  async function allReport(last: 'TEMPORAL_UNREACHABLE' | 'available'): Promise<void> {
    await expect
      .poll(() => each().map((command) => reported(command).at(-1)))
      .toEqual(each().map(() => last));
    for (const reports of each().map(reported)) {
      const ends = reports.map((report) => report === 'available');
      expect(ends, reports.join()).toEqual(ends.map((_, index) => index % 2 === 1));
    }
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aplos-upload-outages-'));
    temporal = await startTemporalDevServer({
      dbFilename: join(folder, 'temporal.db'),
      extraArgs: SURVIVES_A_KILL,
    });
    world = await openWorld(temporal, await startSandbox({ s3: await newBucket(), ...QUEUED }));
    config = await world.write('c.json', JSON.stringify(configuration));
    await mkdir(join(world.folder, 'study-9'));
    for (let file = 1; file <= FILES; file++) await world.write(`study-9/pk-${file}.csv`, table(5_000));
  });
  afterAll(async () => {
    for (const { child } of each()) child.kill('SIGKILL');
    await world?.stop();
    await temporal?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('say at once that no worker is running', { tags: ['REQ-29'] }, async () => {
    const one = start(
      'one',
      'upload',
      await world.write('one.csv', table(5_000)),
      '--config',
      config,
      '--wait',
    );
    await expect
      .poll(one.stderr)
      .toMatch(
        /! The uploads wait\. No worker polls the task queue aplos-upload\. Start one: aplos-upload worker\n/,
      );
    await expect.poll(one.stderr).toContain('one.csv: waiting for a worker\n');
  });

  it('say once that Temporal is unavailable, and once that it is available again', async () => {
    start('status', 'status', '--watch');
    await expect.poll(running.status?.stdout ?? String).toContain('waiting for a worker');
    start(
      'batch',
      'upload',
      join(world.folder, 'study-9'),
      '--config',
      config,
      '--batch',
      'study-9',
      '--wait',
    );
    const other = await world.write('other.csv', table(5_000));
    const interrupted = start('interrupted', 'upload', other, '--config', config, '--wait');
    await expect.poll(interrupted.stderr).toContain('other.csv: waiting');
    await expect
      .poll(async () => (await world.client.workflow.count('')).count, { interval: 20 })
      .toBeGreaterThan(12);
    await temporal.kill();
    await allReport('TEMPORAL_UNREACHABLE');
    interrupted.child.kill('SIGINT');
    expect(await interrupted.exitCode).toBe(130);
    expect(interrupted.stderr()).toContain('Stopped waiting. The uploads continue in the background.');
    delete running.interrupted;
    await sleep(20_000); // longer than the SDK retries
    await allReport('TEMPORAL_UNREACHABLE');
    await temporal.restart();
    await allReport('available');
  });

  it('notice a server that hangs', async () => {
    await temporal.kill('SIGSTOP');
    await allReport('TEMPORAL_UNREACHABLE');
    await temporal.kill('SIGCONT');
    await allReport('available');
  });

  it('end with all receipts, and never say that an upload failed', async () => {
    // The commands look for a worker every few seconds: no upload ends before they have seen it.
    world.sandbox.faults.add({ route: 'presign', status: 503, times: 'always' });
    await world.startWorker(SHORT_LAG);
    await expect.poll(() => running.one?.stderr()).toContain('✓ A worker is running now.');
    world.sandbox.faults.clear();
    expect(await Promise.all(each().map(({ exitCode }) => exitCode))).toEqual(each().map(() => 0));
    expect(running.one?.stdout()).toContain('✓ one.csv');
    expect(running.one?.stderr()).toContain('✓ A worker is running now.');
    expect(running.batch?.stdout()).toContain(`Results: ${FILES} done`);
    expect(world.sandbox.charges).toHaveLength(FILES + 2);
    for (const { stdout, stderr } of each()) {
      expect(stdout() + stderr()).not.toMatch(/[1-9]\d* failed|: failed|INTERNAL|Error:|at .*\.js:\d+/);
    }
  });

  it('exit quietly if their output is closed', async () => {
    const upload = `"${process.execPath}" "${COMMAND}" upload "${world.folder}/study-9" --config "${config}" --batch study-9 --dry-run`;
    // Nobody reads the second output, as its reader has ended before.
    const command = `${upload} | head -1; exec 3> >(true); wait $!; ${upload} >&3; echo $?`;
    const child = spawn('bash', ['-c', command], { env: { ...process.env, ...world.env } });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    await once(child, 'close');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^.*\.csv: already done.*\n141\n$/);
  });

  it('start every file although their output is closed', async () => {
    await mkdir(join(world.folder, 'study-10'));
    for (let file = 1; file <= 25; file++) await world.write(`study-10/pk-${file}.csv`, table(5_000));
    const child = spawn(
      process.execPath,
      [
        COMMAND,
        'upload',
        join(world.folder, 'study-10'),
        '--config',
        config,
        '--batch',
        'study-10',
        '--json',
      ],
      { env: { ...process.env, ...world.env }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    child.stdout.destroy();
    const [exitCode] = await once(child, 'close');
    expect(exitCode).toBe(141);
    await untilListed(world, "AplosBatch = 'study-10'", 25);
    const { stdout } = await runCommand(['status', '--batch', 'study-10', '--json'], world.env);
    expect(stdout.trim().split('\n')).toHaveLength(25);
  });
});
