import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const built = (name: string) => fileURLToPath(new URL(`../../dist/${name}`, import.meta.url));

const program = `
import Module from 'node:module';
const senders = () => Object.keys(Module._cache).filter((path) => /opentelemetry.(sdk|exporter|instrumentation)/.test(path)).length > 0;
const loads = async (path) => { await import(path); return senders(); };
console.log(JSON.stringify([
  await loads('${built('worker.js')}'), await loads('${built('cli/commands/upload.js')}'), await loads('${built('telemetry/tracing/sdk.js')}'),
]));`;

it('loads nothing that sends traces until they are wanted', () => {
  const told = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  expect(JSON.parse(told)).toEqual([false, false, true]);
});
