/**
 * `npm run bench -- memory [--large-mib 5120 --files 50 --mib 100]`: measures by how much the memory of a worker grows beyond that
 * of an idle one, while it uploads one very large file, and many large files at a time.
 */
import { randomBytes } from 'node:crypto';
import { link, mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { configuration, smallTable } from '../test/support/tables.js';
import { startOwnWorld } from '../test/support/world.js';
import { startCommand, succeeded } from './command.js';
import { memoryOf } from './process-memory.js';
import { secondsOf } from './suite/row.js';

const MIB = 1024 * 1024;

const { values } = parseArgs({
  options: {
    'large-mib': { type: 'string', default: '5120' },
    files: { type: 'string', default: '50' },
    mib: { type: 'string', default: '100' },
  },
});

const world = await startOwnWorld({}, { keepsDatabase: false });
try {
  await mkdir(join(world.folder, 'large'));
  await writeTable(join(world.folder, 'large', 'pk.csv'), Number(values['large-mib']));
  await measure('large', `one file of ${values['large-mib']} MiB`, 32);
  await mkdir(join(world.folder, 'many'));
  const first = join(world.folder, 'many', 'pk-0.csv');
  await writeTable(first, Number(values.mib));
  for (let file = 1; file < Number(values.files); file++)
    await link(first, join(world.folder, 'many', `pk-${file}.csv`));
  await measure('many', `${values.files} files of ${values.mib} MiB at a time`, 128);
} finally {
  await world.stop();
}
process.exit();

/** Uploads the files of a folder with a worker that has uploaded one file, and prints by how much its memory grew. */
async function measure(folder: string, what: string, goalMib: number): Promise<void> {
  const { child, stop } = await world.startWorkerProcess({ APLOS_UPLOAD_CONCURRENCY: values.files });
  const config = await world.write('c.json', JSON.stringify(configuration));
  // The first upload loads what later ones need as well.
  const upload = (path: string, batch: string) =>
    secondsOf(() =>
      succeeded(startCommand(world, ['upload', path, '--config', config, '--batch', batch, '--wait'])),
    );
  await upload(await world.write(`first-${folder}.csv`, smallTable(1)), 'first');
  await sleep(5_000);
  const idle = await memoryOf(child.pid, 'VmRSS');
  await writeFile(`/proc/${child.pid}/clear_refs`, '5'); // resets VmHWM: starting took more than being idle
  const seconds = await upload(join(world.folder, folder), folder);
  const grownMib = (((await memoryOf(child.pid, 'VmHWM')) - idle) * 1e6) / MIB;
  console.log(
    `${what}: ${idle} MB when idle, +${grownMib.toFixed(0)} MiB (goal: at most ${goalMib}), in ${seconds.toFixed(0)} s`,
  );
  await stop();
}

/** Writes a table with a header and numbers, of which Aplos could read every line. */
async function writeTable(path: string, mib: number): Promise<void> {
  const lines = Array.from(
    { length: 40_000 },
    (_, line) => `${line},${line % 24},${randomBytes(6).readUIntBE(0, 6)}\n`,
  );
  const block = Buffer.from(lines.join(''));
  const file = await open(path, 'w');
  let bytes = (await file.write('subject,time,conc\n')).bytesWritten;
  while (bytes < (mib - 1) * MIB) bytes += (await file.write(block)).bytesWritten;
  await file.close();
}
