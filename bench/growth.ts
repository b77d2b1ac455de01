/**
 * `npm run bench -- growth [--files 10000 --json FILE --svg FILE]`: uploads many small files with one command and two workers, and
 * measures over time: files per second, memory of each process, and how long `status` takes. `--from FILE` only draws what another
 * run has stored.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { COMMAND } from '../sandbox/worker-process.js';
import { configuration, smallTable } from '../test/support/tables.js';
import { type OwnWorld, startOwnWorld } from '../test/support/world.js';
import { drawGrowth, type Growth, type Sample } from './growth/drawing.js';
import { memoryOf } from './process-memory.js';
import { describeRun } from './suite/report.js';

const BATCH = 'growth';
const SAMPLES = 60;

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '10000' },
    json: { type: 'string' },
    svg: { type: 'string' },
    from: { type: 'string' },
  },
});

const growth = values.from === undefined ? await measure(Number(values.files)) : await read(values.from);
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(growth, null, 1)}\n`);
if (values.svg !== undefined) await writeFile(values.svg, drawGrowth(growth));
process.exit();

async function measure(files: number): Promise<Growth> {
  const run = await describeRun();
  const world = await startOwnWorld(
    { allocation: 10 * files, stepMs: 24 * 3_600_000 }, // the sandbox analyzes nothing
    { keepsDatabase: false },
  );
  try {
    await mkdir(join(world.folder, 'study'));
    for (let file = 1; file <= files; file++) await world.write(`study/pk-${file}.csv`, smallTable(file));
    const config = await world.write('c.json', JSON.stringify(configuration));
    const workers = [await world.startWorker(), await world.startWorker()];
    const args = ['upload', join(world.folder, 'study'), '--config', config, '--batch', BATCH, '--wait'];
    const before = performance.now();
    const client = command(world, args);
    const ended = once(client, 'exit').then(([code]) => {
      if (code !== 0) throw new Error(`The uploads exited with code ${code}`);
      return true;
    });
    const samples: Sample[] = [];
    const pauseMs = Math.max(5_000, (1000 * files) / 15 / SAMPLES);
    while (!(await Promise.race([ended, sleep(pauseMs, false)]))) {
      samples.push(
        await sample(
          world,
          before,
          client,
          workers.map(({ child }) => child),
        ),
      );
      console.log(JSON.stringify(samples.at(-1)));
    }
    const seconds = (performance.now() - before) / 1000;
    console.log(`${files} files in ${seconds.toFixed(0)} s: ${(files / seconds).toFixed(1)} files/s`);
    return { ...run, files, seconds, samples };
  } finally {
    await world.stop();
  }
}

async function sample(
  world: OwnWorld,
  before: number,
  client: ChildProcess,
  workers: readonly ChildProcess[],
): Promise<Sample> {
  const seconds = (performance.now() - before) / 1000;
  const done = world.sandbox.charges.length;
  const asked = performance.now();
  await once(command(world, ['status', '--batch', BATCH]), 'exit');
  const statusSeconds = (performance.now() - asked) / 1000;
  return {
    seconds,
    done,
    statusSeconds,
    clientMb: await memoryOf(client.pid, 'VmRSS').catch(() => 0),
    workersMb: await Promise.all(workers.map(({ pid }) => memoryOf(pid, 'VmRSS'))),
  };
}

function command({ env }: OwnWorld, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [COMMAND, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function read(path: string): Promise<Growth> {
  return JSON.parse(await readFile(path, 'utf8')) as Growth;
}
