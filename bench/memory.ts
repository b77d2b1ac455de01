/**
 * `npm run bench -- memory [--files 40 --mb 100]`: measures the memory of a worker, idle and while it uploads as many large files
 * at a time as it does by default.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { link, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { COMMAND } from '../sandbox/worker-process.js';
import { loadSettings } from '../src/settings/load.js';
import { configuration, table } from '../test/support/tables.js';
import { startOwnWorld } from '../test/support/world.js';
import { memoryOf } from './process-memory.js';

const { values } = parseArgs({
  options: { files: { type: 'string', default: '40' }, mb: { type: 'string', default: '100' } },
});

const world = await startOwnWorld({}, { keepsDatabase: false });
try {
  const { child } = await world.startWorker();
  await sleep(5_000);
  console.log(`idle:     ${await memoryOf(child.pid, 'VmRSS')} MB`);

  await mkdir(join(world.folder, 'study'));
  const large = await world.write('large.csv', table(Number(values.mb) * 1_000_000));
  for (let file = 1; file <= Number(values.files); file++)
    await link(large, join(world.folder, 'study', `pk-${file}.csv`));
  const config = await world.write('c.json', JSON.stringify(configuration));
  const before = performance.now();
  const upload = spawn(
    process.execPath,
    [COMMAND, 'upload', join(world.folder, 'study'), '--config', config, '--batch', 'bench', '--wait'],
    { env: { ...process.env, ...world.env }, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const [code] = await once(upload, 'exit');
  if (code !== 0) throw new Error(`The uploads exited with code ${code}`);
  const seconds = (performance.now() - before) / 1000;
  console.log(
    `maximum:  ${await memoryOf(child.pid, 'VmHWM')} MB, with ${values.files} files of ${values.mb} MB,` +
      ` up to ${loadSettings({}).concurrency} at a time, in ${seconds.toFixed(0)} s`,
  );
  await sleep(5_000);
  console.log(`after:    ${await memoryOf(child.pid, 'VmRSS')} MB`);
} finally {
  await world.stop();
}
process.exit();
