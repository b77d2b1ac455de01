/**
 * `npm run check:installed`: packs the package, installs it into an empty project as a user would, runs its command there,
 * compiles and runs a program that imports it, and uploads a file with its worker.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startWorker } from '../sandbox/worker-process.js';
import { configuration, table } from '../test/support/tables.js';
import { startOwnWorld } from '../test/support/world.js';
import { expectThat, pack } from './packing.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const project = mkdtempSync(join(tmpdir(), 'aplos-upload-installed-'));

const run = (command: string, args: string[]): string =>
  execFileSync(command, args, { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

const program = `import { errorTable, requestForFile, UploadClient, type Receipt } from 'aplos-upload-worker';
const receipts: Receipt[] = [];
const connect: () => Promise<UploadClient> = UploadClient.connect;
console.log(typeof connect, typeof requestForFile, 'FILE_NOT_FOUND' in errorTable, receipts.length);
`;

try {
  const archive = pack(process.cwd(), project);
  writeFileSync(join(project, 'package.json'), '{ "type": "module", "private": true }');
  writeFileSync(join(project, 'program.ts'), program);
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', archive]);

  const command = join('node_modules', '.bin', 'aplos-upload');
  expectThat('the command runs', run(command, ['--version']).trim() === version);
  expectThat(
    'the command shows its settings',
    run(command, ['settings', '--json']).includes('TEMPORAL_ADDRESS'),
  );
  run(process.execPath, [
    tsc,
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    'program.ts',
  ]);
  expectThat('a program that imports it compiles', true);
  expectThat(
    'it can be imported',
    run(process.execPath, ['program.js']).trim() === 'function function true 0',
  );
  await uploadBy(command);
} finally {
  rmSync(project, { recursive: true, force: true });
}
process.exit();

async function uploadBy(command: string): Promise<void> {
  const world = await startOwnWorld({}, { keepsDatabase: false });
  try {
    const worker = await startWorker(world.env, () => {}, { command: join(project, command) });
    expectThat('a worker starts', true);
    const file = await world.write('pk.csv', table(10_000));
    const config = await world.write('day-1.json', JSON.stringify(configuration));
    // The sandbox runs in this process, so the process must not block.
    const { stdout } = await promisify(execFile)(command, ['upload', file, '--config', config, '--json'], {
      cwd: project,
      env: { ...process.env, ...world.env },
    });
    const { executions = [] } = JSON.parse(stdout) as { executions?: unknown[] };
    expectThat('the worker uploads a file and starts its execution', executions.length === 1);
    await worker.stop();
    expectThat('the worker exits with code 0 on SIGTERM', worker.child.exitCode === 0);
  } finally {
    await world.stop();
  }
}
