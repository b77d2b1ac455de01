import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const built = (name: string) => fileURLToPath(new URL(`../../../dist/${name}`, import.meta.url));

const program = `
import Module from 'node:module';
const isSdkLoaded = () => Object.keys(Module._cache).filter((path) => /opentelemetry.(sdk|exporter|instrumentation)/.test(path)).length > 0;
const loads = async (path) => { await import(path); return isSdkLoaded(); };
console.log(JSON.stringify([
  await loads('${built('worker.js')}'), await loads('${built('cli/commands/upload.js')}'), await loads('${built('telemetry/tracing/sdk.js')}'),
]));`;

it('does not load the OpenTelemetry SDK until traces are enabled', () => {
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  expect(JSON.parse(output)).toEqual([false, false, true]);
});
