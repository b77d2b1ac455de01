import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newNamespace, startWorld } from '../support/shared-world.js';
import type { World } from '../support/world.js';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const CONFIGURATION = join(REPOSITORY, 'samples', 'single-oral-dose.json');

describe('the examples for Nexus', () => {
  let world: World;
  let folder: string;
  let caller: string;
  const endpoint = `aplos-upload-${Date.now()}`;

  beforeAll(async () => {
    folder = await mkdtemp(join(REPOSITORY, 'test', '.examples-'));
    const [own, { namespace }] = await Promise.all([startWorld(), newNamespace({ searchAttributes: false })]);
    world = own;
    caller = namespace;
    await world.client.connection.operatorService.createNexusEndpoint({
      spec: {
        name: endpoint,
        target: { worker: { namespace: world.temporal.namespace, taskQueue: 'aplos-upload' } },
      },
    });
    await cp('examples/nexus', folder, { recursive: true });
    const workflow = join(folder, 'analysis-workflow.ts');
    const text = await readFile(workflow, 'utf8');
    expect(text).toContain("endpoint: 'aplos-upload'");
    await writeFile(workflow, text.replace("endpoint: 'aplos-upload'", `endpoint: '${endpoint}'`));
    await world.startWorker();
  });
  afterAll(async () => {
    await world?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const run = (file: string) =>
    promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', join(folder, 'analysis-worker.ts'), caller, file, CONFIGURATION],
      { cwd: REPOSITORY, env: { ...process.env, ...world.env } },
    ).then(
      ({ stdout }) => ({ stdout, stderr: '' }),
      ({ stdout, stderr }: { stdout: string; stderr: string }) => ({ stdout, stderr }),
    );

  it('upload a file from a workflow in another namespace, with encrypted payloads', async () => {
    const file = await world.write('by-nexus.csv', await readFile('samples/single-oral-dose.csv'));
    const { stdout, stderr } = await run(file);
    expect({ stderr }).toEqual({ stderr: '' });
    expect(JSON.parse(stdout)).toEqual(world.sandbox.charges.map(({ executionId }) => executionId));
    expect(world.sandbox.charges).toHaveLength(1);
    expect(world.sandbox.files).toHaveLength(1);
    const { fileId = '' } = world.sandbox.files[0] ?? {};
    expect(await world.sandbox.storedBytes(fileId)).toEqual(await readFile(file));
  });
});
