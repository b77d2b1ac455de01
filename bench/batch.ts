/**
 * `npm run bench -- batch [--files 5000]`: uploads many small files with one command, and prints its starts per second compared
 * with Temporal's client in a loop, its memory over time, and the duration of `status --batch`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { COMMAND } from '../sandbox/worker-process.js';
import { WORKFLOW_TYPE } from '../src/contract/names.js';
import { configuration, smallTable } from '../test/support/tables.js';
import { startOwnWorld, type World } from '../test/support/world.js';
import { memoryOf } from './process-memory.js';

const { values } = parseArgs({ options: { files: { type: 'string', default: '5000' } } });
const files = Number(values.files);
const BATCH = 'bench';

const world = await startOwnWorld({ allocation: 10 * files }, { keepsDatabase: false });
try {
  await run();
} finally {
  await world.stop();
}
process.exit();

async function run(): Promise<void> {
  await mkdir(join(world.folder, 'study'));
  for (let file = 1; file <= files; file++) await world.write(`study/pk-${file}.csv`, smallTable(file));
  const config = await world.write('c.json', JSON.stringify(configuration));
  const args = ['upload', join(world.folder, 'study'), '--config', config, '--batch', BATCH];

  const plainMs = await plainStarts(world, Math.min(files, 1000));
  console.log(`plain client:    ${perSecond(Math.min(files, 1000), plainMs)} starts/s, sequentially`);
  const started = await timed([...args]);
  console.log(
    `upload:          ${perSecond(files, started.ms)} starts/s including reading and validation, ${(plainMs / Math.min(files, 1000) / (started.ms / files)).toFixed(2)} times the plain client`,
  );
  console.log(`memory:          ${memory(started)}`);
  await statusTakes('all running');

  await world.startWorkerProcess();
  const waited = await timed([...args, '--wait']);
  console.log(`upload --wait:   joined all of them, ${perSecond(files, waited.ms)} uploads/s by one worker`);
  console.log(`memory:          ${memory(waited)}`);
  console.log(waited.stdout.trimEnd().replaceAll(/^/gm, '                 '));
  await statusTakes('all done');
  const again = await timed([...args]);
  console.log(`the same again:  ${(again.ms / 1000).toFixed(1)} s: ${again.stdout.split('\n')[0]}`);
  const { charges } = world.sandbox;
  console.log(
    `executions:      ${charges.length}, ${new Set(charges.map(({ fileId }) => fileId)).size} files`,
  );
}

async function statusTakes(when: string): Promise<void> {
  const { ms, stdout } = await timed(['status', '--batch', BATCH]);
  console.log(`status --batch:  ${(ms / 1000).toFixed(1)} s, ${when}: ${stdout.split('\n')[0]}`);
}

/** The baseline: starts workflows with Temporal's client and nothing else. */
async function plainStarts({ client }: World, count: number): Promise<number> {
  const before = performance.now();
  for (let index = 0; index < count; index++)
    await client.workflow.start(WORKFLOW_TYPE, {
      taskQueue: 'unpolled',
      workflowId: `plain-${index}`,
      args: [{ source: `file:///data/pk-${index}.csv`, executions: [{ configuration }] }],
    });
  return performance.now() - before;
}

interface Measured {
  readonly ms: number;
  readonly stdout: string;
  /** Memory of the command's process in MB, two samples per second. */
  readonly rss: readonly number[];
}

async function timed(args: readonly string[]): Promise<Measured> {
  const before = performance.now();
  const child = spawn(process.execPath, [COMMAND, ...args], {
    env: { ...process.env, ...world.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const rss: number[] = [];
  const ended = once(child, 'close').then(() => true);
  while (!(await Promise.race([ended, sleep(500, false)]))) {
    const megabytes = await memoryOf(child.pid, 'VmRSS').catch(() => 0);
    if (megabytes) rss.push(megabytes);
  }
  return { ms: performance.now() - before, stdout, rss };
}

function perSecond(count: number, ms: number): string {
  return ((1000 * count) / ms).toFixed(0);
}

function memory({ rss }: Measured): string {
  const step = Math.max(1, Math.ceil(rss.length / 12));
  const samples = rss.filter((_, index) => index % step === 0 || index === rss.length - 1);
  return `${samples.join(' ')} MB over time`;
}
