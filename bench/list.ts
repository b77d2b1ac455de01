/**
 * `npm run bench -- list [--executions 20000 --files 1000 --api v3 --page 100]`: measures how long it takes to read a long list of executions, what
 * it does to the memory of a worker, and how many times the starts of a batch read it.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Agent } from 'undici';
import { z } from 'zod';
import { AplosAccounts } from '../src/aplos/accounts.js';
import { loadSettings } from '../src/settings/load.js';
import { configuration, smallTable } from '../test/support/tables.js';
import { startOwnWorld, type World } from '../test/support/world.js';
import { startCommand, succeeded } from './command.js';
import { median } from './median.js';
import { memoryOf } from './process-memory.js';
import { secondsOf } from './suite/row.js';

const { values } = parseArgs({
  options: {
    executions: { type: 'string', default: '20000' },
    files: { type: 'string', default: '1000' },
    api: { type: 'string', default: 'v1' },
    page: { type: 'string', default: '100' },
  },
});
const pastExecutions = Number(values.executions);
const files = Number(values.files);
const api = z.enum(['v1', 'v3']).parse(values.api);
const pageSize = Number(values.page);
const TIMES = 7;

const world = await startOwnWorld(
  { api, pageSize, pastExecutions, stepMs: 3_600_000 },
  { keepsDatabase: false },
);
try {
  await readList(world);
  await startMany(world);
} finally {
  await world.stop();
}
process.exit();

/** Measures one search in this process, which also runs the sandbox: the sandbox's part is included. */
async function readList({ sandbox }: World): Promise<void> {
  const list = new AplosAccounts(loadSettings(sandbox.env).profiles, new Agent()).executions('default');
  const calls = () => sandbox.calls.filter(({ route }) => route === 'list').length;
  const began = performance.now();
  await list.read(0);
  const firstMs = performance.now() - began;
  console.log(`first look:  ${firstMs.toFixed(0)} ms with the login, ${calls()} calls`);
  const times: number[] = [];
  for (let time = 0; time < TIMES; time++) {
    const before = performance.now();
    const listing = await list.read(0);
    if (listing.records.length !== pastExecutions) throw new Error(`${listing.records.length} executions`);
    times.push(performance.now() - before);
  }
  console.log(
    `one search:  ${median(times).toFixed(0)} ms for ${pastExecutions} executions (median of ${TIMES})`,
  );
}

/** Measures a batch that the command starts, as the client must not share a process with the sandbox here. */
async function startMany(world: World): Promise<void> {
  const { sandbox, folder, startWorkerProcess, write } = world;
  const { child } = await startWorkerProcess();
  const config = await write('c.json', JSON.stringify(configuration));
  const upload = async (count: number, batch: string) => {
    await mkdir(join(folder, batch));
    for (let file = 1; file <= count; file++) await write(`${batch}/${batch}-${file}.csv`, smallTable(file));
    const args = ['upload', join(folder, batch), '--config', config, '--batch', batch, '--wait'];
    return secondsOf(() => succeeded(startCommand(world, args)));
  };
  const lists = () => sandbox.calls.filter(({ route }) => route === 'list').length;

  const idle = await memoryOf(child.pid, 'VmRSS');
  await upload(1, 'one');
  console.log(
    `memory:      ${idle} MB idle, up to ${await memoryOf(child.pid, 'VmHWM')} MB during one upload`,
  );
  const before = lists();
  const seconds = await upload(files, 'many');
  console.log(`${files} starts: ${lists() - before} calls for the list, ${seconds.toFixed(0)} s`);
  console.log(`memory:      up to ${await memoryOf(child.pid, 'VmHWM')} MB`);
}
