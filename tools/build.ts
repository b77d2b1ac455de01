/**
 * Builds dist/: compiles, bundles the workflows so that a worker starts without webpack, and writes the files that are
 * generated from the code, and the software bill of materials. Replaces dist/ at the end. With --if-stale, does nothing if dist/ is newer than its sources.
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
import type { Configuration } from 'webpack';
import { arrange } from './arrange.js';
import { buildClientPackage } from './client-package.js';
import { softwareBillOfMaterials } from './sbom.js';

const STAMP = '.built';
const TSC = 'node_modules/typescript7/bin/tsc';
const SOURCES = [
  'src',
  'sandbox',
  'client',
  'tools',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
];

if (!process.argv.includes('--if-stale') || isStale()) await build();

async function build(): Promise<void> {
  const target = mkdtempSync('dist-');
  try {
    execFileSync(process.execPath, [TSC, '-p', 'tsconfig.build.json', '--outDir', target], {
      stdio: 'inherit',
    });
    arrange(target);
    await bundleWorkflows(target);
    writeFileSync(join(target, 'sbom.cdx.json'), softwareBillOfMaterials());
    const { generatedFiles } = await import('./generated.js');
    for (const { path, content } of generatedFiles) writeFileSync(path, content);
    writeFileSync(join(target, STAMP), '');
    rmSync('dist', { recursive: true, force: true });
    chmodSync(target, 0o755);
    chmodSync(join(target, 'cli.js'), 0o755);
    buildClientPackage(target);
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
    // Without columns, which depend on the length of the folder's name.
    webpackConfigHook: (config: Configuration) => ({ ...config, devtool: 'inline-cheap-module-source-map' }),
  };
  const plain = await bundleWorkflowCode(workflows);
  const write = (name: string, code: string) => writeFileSync(join(into, name), withoutPaths(code, into));
  write('workflow-bundle.js', plain.code);
  const failureConverterPath = resolve(into, 'temporal/encoded-failure-converter.js');
  const encrypted = await bundleWorkflowCode({
    ...workflows,
    ...interceptors('tracing', 'metrics', 'trusted-results'),
    failureConverterPath,
  });
  write('workflow-bundle-encrypted.js', encrypted.code);
}

/** Returns a bundle in which nothing depends on the folder and the time of this build, so that two builds are equal. */
function withoutPaths(code: string, folder: string): string {
  const relocated = (text: string) =>
    text
      .replaceAll(`${process.cwd()}/`, '')
      .replaceAll(folder, 'dist')
      .replace(/workflow-bundle-[0-9a-f]+\.js/, 'workflow-bundle.js');
  const sourceMap = /(?<=sourceMappingURL=data:application\/json;[^,]*base64,)[A-Za-z0-9+/=]+/;
  return relocated(code).replace(sourceMap, (map) =>
    Buffer.from(relocated(Buffer.from(map, 'base64').toString())).toString('base64'),
  );
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
