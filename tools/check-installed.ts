/**
 * `npm run check:installed`: packs the package, installs it into an empty project as a user would, runs its command
 * there, and compiles and runs a program that imports it.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const project = mkdtempSync(join(tmpdir(), 'aplos-upload-installed-'));

const run = (command: string, args: string[], cwd = project): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

function expectThat(what: string, holds: boolean): void {
  console.log(`${holds ? '✓' : '✗'} ${what}`);
  if (!holds) process.exitCode = 1;
}

const program = `import { errorTable, requestForFile, UploadClient, type Receipt } from 'aplos-upload-worker';
const receipts: Receipt[] = [];
const connect: () => Promise<UploadClient> = UploadClient.connect;
console.log(typeof connect, typeof requestForFile, 'FILE_NOT_FOUND' in errorTable, receipts.length);
`;

try {
  const [{ filename = '' } = {}] = JSON.parse(
    run('npm', ['pack', '--json', '--pack-destination', project], process.cwd()),
  ) as { filename?: string }[];
  writeFileSync(join(project, 'package.json'), '{ "type": "module", "private": true }');
  writeFileSync(join(project, 'program.ts'), program);
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', join(project, filename)]);

  const command = join('node_modules', '.bin', 'aplos-upload');
  expectThat('the command runs', run(command, ['--version']).trim() === version);
  expectThat('it shows its settings', run(command, ['config', '--json']).includes('TEMPORAL_ADDRESS'));
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
  expectThat('its types compile', true);
  expectThat(
    'it can be imported',
    run(process.execPath, ['program.js']).trim() === 'function function true 0',
  );
} finally {
  rmSync(project, { recursive: true, force: true });
}
