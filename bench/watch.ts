/**
 * `npm run bench -- watch [--files 300 --kills 20 --many 10000]`: adds files to a watched folder by copying, renaming and appending
 * while the watch is killed repeatedly, and counts the stored files and started executions. Then watches the folder again with
 * an empty Temporal server. Finally measures scans of a folder with many files.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, copyFile, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startTemporalDevServer } from '../sandbox/servers/temporal.js';
import { COMMAND } from '../sandbox/worker-process.js';
import { WatchedFolder } from '../src/watch/folder.js';
import { configuration, table } from '../test/support/tables.js';
import { startOwnWorld } from '../test/support/world.js';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '300' },
    kills: { type: 'string', default: '20' },
    many: { type: 'string', default: '10000' },
  },
});
const [files, kills, many] = [values.files, values.kills, values.many].map(Number) as [
  number,
  number,
  number,
];

const world = await startOwnWorld({ allocation: 10 * files }, { keepsDatabase: false });
const drop = join(world.folder, 'drop');
const state = join(world.folder, 'watch.jsonl');
const config = await world.write('c.json', JSON.stringify(configuration));
try {
  await world.startWorkerProcess();
  await killRepeatedly();
  await watchWithEmptyTemporal();
  await scanManyFiles();
} finally {
  await world.stop();
}
process.exit();

async function killRepeatedly(): Promise<void> {
  await mkdir(drop);
  const dropping = dropAll();
  let watching = startWatch();
  for (let kill = 0; kill < kills; kill++) {
    await sleep(1_200 + Math.random() * 2_000); // a watch starts within about a second
    await end(watching, 'SIGKILL');
    watching = startWatch();
  }
  await dropping;
  while (stages(await readFile(state, 'utf8')).ended < files) await sleep(200);
  await end(watching, 'SIGTERM');
  const counted = stages(await readFile(state, 'utf8'));
  const stored = world.sandbox.files.filter(({ uploads }) => uploads.some(({ status }) => status === 204));
  let equal = 0;
  for (const { fileId, fileName } of stored)
    if ((await world.sandbox.storedBytes(fileId)).equals(await readFile(join(drop, fileName)))) equal++;
  console.log(
    `killed ${kills} times: ${files} files added, ${world.sandbox.files.length} presigned, ${stored.length} stored,`,
  );
  console.log(
    `  ${equal} with equal bytes, ${world.sandbox.charges.length} executions of ${new Set(world.sandbox.charges.map(({ fileId }) => fileId)).size} files`,
  );
  console.log(`  state file: ${JSON.stringify(counted)}, ${(await stat(state)).size} bytes`);
}

async function dropAll(): Promise<void> {
  for (let file = 0; file < files; file++) {
    const path = join(drop, `pk-${file}.csv`);
    const content = table(3_000);
    if (file % 3 === 0) await copyFile(await world.write('source.csv', content), path);
    else if (file % 3 === 1) {
      await writeFile(`${path}.filepart`, content);
      await rename(`${path}.filepart`, path);
    } else
      for (let at = 0; at < content.length; at += 300) {
        await appendFile(path, content.subarray(at, at + 300));
        await sleep(10);
      }
    await sleep(50);
  }
}

async function watchWithEmptyTemporal(): Promise<void> {
  const empty = await startTemporalDevServer();
  const before = world.sandbox.charges.length;
  const watching = startWatch({ TEMPORAL_ADDRESS: empty.address });
  await sleep(8_000);
  await end(watching, 'SIGTERM');
  console.log(
    `with an empty Temporal server: ${world.sandbox.charges.length - before} executions started again`,
  );
  await empty.stop();
}

async function scanManyFiles(): Promise<void> {
  const folder = join(world.folder, 'many');
  for (let file = 0; file < many; file++) {
    const below = join(folder, `site-${file % 100}`);
    if (file < 100) await mkdir(below, { recursive: true });
    await writeFile(join(below, `pk-${file}.csv`), `subject,time,conc\n1,0,${file}\n`);
  }
  const watched = new WatchedFolder(folder, 100);
  const tookMs = [];
  for (let scan = 0; scan < 10; scan++) {
    const from = performance.now();
    await watched.scan();
    tookMs.push(performance.now() - from);
  }
  console.log(`scan of ${many} files: ${tookMs.map((ms) => ms.toFixed(0)).join(' ')} ms`);

  const [program, ...args] = [
    COMMAND,
    'watch',
    folder,
    '--state',
    join(world.folder, 'many.jsonl'),
    '--settle',
    '1s',
    '--every',
    '1s',
  ];
  const watching = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, ...world.env },
    stdio: 'ignore',
  });
  for (const seconds of [5, 10, 20, 30]) {
    await sleep(seconds === 5 ? 5_000 : 10_000);
    console.log(`  watch after ${seconds} s: ${await memoryAndTime(watching)}`);
  }
  await end(watching, 'SIGTERM');
}

async function memoryAndTime({ pid }: ChildProcess): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const ticks = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(' ').slice(13, 15).map(Number);
  const [, kilobytes = '0'] = /VmRSS:\s+(\d+)/.exec(status) ?? [];
  return `${Math.round(Number(kilobytes) / 1024)} MB, ${ticks.reduce((sum, each) => sum + each, 0) / 100} s of CPU`;
}

function startWatch(more: NodeJS.ProcessEnv = {}): ChildProcess {
  const args = ['watch', drop, '--config', config, '--state', state, '--settle', '1s', '--every', '100ms'];
  return spawn(process.execPath, [COMMAND, ...args], {
    env: { ...process.env, ...world.env, ...more },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

function stages(text: string): { starting: number; started: number; ended: number } {
  const of = (stage: string) =>
    new Set(
      text
        .split('\n')
        .filter((line) => line.includes(`"stage":"${stage}"`))
        .map((line) => /"workflowId":"([^"]+)"/.exec(line)?.[1]),
    ).size;
  return { starting: of('starting'), started: of('started'), ended: of('ended') };
}
