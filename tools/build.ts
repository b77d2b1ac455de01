/**
 * Builds dist/: compiles, bundles the workflows ahead of time so that a worker starts without webpack, and
 * writes the files that are generated from the code. With --if-stale it does nothing where dist/ is newer
 * than what it is made of.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const STAMP = 'dist/.built';
const MADE_OF = ['src', 'tools', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];

if (!process.argv.includes('--if-stale') || isStale()) await build();

async function build(): Promise<void> {
  rmSync('dist', { recursive: true, force: true });
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
    stdio: 'inherit',
  });
  await bundleWorkflows();
  const { generatedFiles } = await import('./generated.js');
  for (const { path, content } of generatedFiles) writeFileSync(path, content);
  writeFileSync(STAMP, '');
}

async function bundleWorkflows(): Promise<void> {
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const workflowsPath = resolve('dist/workflows/index.js');
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  writeFileSync('dist/workflow-bundle.js', code);
}

function isStale(): boolean {
  if (!existsSync(STAMP)) return true;
  const built = statSync(STAMP).mtimeMs;
  return MADE_OF.flatMap(filesBelow).some((path) => statSync(path).mtimeMs > built);
}

function filesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name));
}
