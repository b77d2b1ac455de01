/**
 * `npm run bench -- growth [--files 10000 --json FILE --svg FILE]`: uploads many small files with one command and two workers, and
 * measures over time: files per second, memory of each process, and how long `status` takes. `--from FILE` only draws what another
 * run has stored.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { configuration, smallTable } from '../test/support/tables.js';
import { type OwnWorld, startOwnWorld } from '../test/support/world.js';
import { startCommand, succeeded } from './command.js';
import { drawGrowth, type Growth, type Sample } from './growth/drawing.js';
import { memoryOf } from './process-memory.js';
import { describeRun } from './suite/report.js';
import { secondsOf } from './suite/row.js';

const BATCH = 'growth';
/** Samples that a run is to have. `status` reads all uploads each time, so many of them slow the uploads down. */
const SAMPLES = 8;

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '10000' },
    json: { type: 'string' },
    svg: { type: 'string' },
    from: { type: 'string' },
  },
});

const growth = values.from === undefined ? await measure(Number(values.files)) : await read(values.from);
await store(growth);
if (values.svg !== undefined) await writeFile(values.svg, drawGrowth(growth));
process.exit();

async function measure(files: number): Promise<Growth> {
  const run = await describeRun();
  // The sandbox analyzes nothing. With its database in memory, Temporal's dev server crashed in SQLite after 36,600 files.
  const world = await startOwnWorld({ allocation: 10 * files, stepMs: 24 * 3_600_000 });
  try {
    await mkdir(join(world.folder, 'study'));
    for (let file = 1; file <= files; file++) await world.write(`study/pk-${file}.csv`, smallTable(file));
    const config = await world.write('c.json', JSON.stringify(configuration));
    const workers = [(await world.startWorkerProcess()).child, (await world.startWorkerProcess()).child];
    const args = ['upload', join(world.folder, 'study'), '--config', config, '--batch', BATCH, '--wait'];
    const before = performance.now();
    const client = startCommand(world, args);
    const ended = succeeded(client).then(() => true);
    const samples: Sample[] = [];
    const pauseMs = Math.max(5_000, (1000 * files) / 15 / SAMPLES);
    while (!(await Promise.race([ended, sleep(pauseMs, false)]))) {
      const last = await sample(world, before, client, workers);
      samples.push(last);
      await store({ ...run, files: last.done, seconds: last.seconds, samples });
      console.log(JSON.stringify(last));
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
  const statusSeconds = await secondsOf(() =>
    once(startCommand(world, ['status', '--batch', BATCH]), 'exit'),
  );
  return {
    seconds,
    done,
    statusSeconds,
    clientMb: await memoryOf(client.pid, 'VmRSS').catch(() => 0),
    workersMb: await Promise.all(workers.map(({ pid }) => memoryOf(pid, 'VmRSS'))),
  };
}

async function store(growth: Growth): Promise<void> {
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(growth, null, 1)}\n`);
}

async function read(path: string): Promise<Growth> {
  return JSON.parse(await readFile(path, 'utf8')) as Growth;
}
