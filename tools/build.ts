/**
 * Builds dist/: compiles, bundles the workflows so that a worker starts without webpack, and writes the files that are
 * generated from the code. Replaces dist/ at the end. With --if-stale, does nothing if dist/ is newer than its sources.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';

const STAMP = '.built';
const TSC = 'node_modules/typescript7/bin/tsc';
const SOURCES = ['src', 'tools', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];

if (!process.argv.includes('--if-stale') || isStale()) await build();

async function build(): Promise<void> {
  const target = mkdtempSync('dist-');
  try {
    execFileSync(process.execPath, [TSC, '-p', 'tsconfig.build.json', '--outDir', target], {
      stdio: 'inherit',
    });
    await bundleWorkflows(target);
    const { generatedFiles } = await import('./generated.js');
    for (const { path, content } of generatedFiles) writeFileSync(path, content);
    writeFileSync(join(target, STAMP), '');
    rmSync('dist', { recursive: true, force: true });
    chmodSync(target, 0o755);
    chmodSync(join(target, 'cli.js'), 0o755);
    renameSync(target, 'dist');
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}

async function bundleWorkflows(into: string): Promise<void> {
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const interceptors = (...names: string[]) => ({
    workflowInterceptorModules: names.map((name) => resolve(into, `workflows/${name}.js`)),
  });
  const workflows = {
    workflowsPath: resolve(into, 'workflows/index.js'),
    ...interceptors('tracing', 'metrics'),
    logger: new DefaultLogger('WARN'),
  };
  const plain = await bundleWorkflowCode(workflows);
  writeFileSync(join(into, 'workflow-bundle.js'), plain.code);
  const failureConverterPath = resolve(into, 'temporal/encoded-failure-converter.js');
  const encrypted = await bundleWorkflowCode({
    ...workflows,
    ...interceptors('tracing', 'metrics', 'trusted-results'),
    failureConverterPath,
  });
  writeFileSync(join(into, 'workflow-bundle-encrypted.js'), encrypted.code);
}

function isStale(): boolean {
  const stamp = join('dist', STAMP);
  if (!existsSync(stamp)) return true;
  const built = statSync(stamp).mtimeMs;
  return SOURCES.flatMap(filesBelow).some((path) => statSync(path).mtimeMs > built);
}

function filesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name));
}
