import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker, type WorkflowBundlePath } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { TRACE_HEADER } from '../../src/contract/trace-names.js';
import { workerTracing } from '../../src/telemetry/tracing/worker-tracing.js';
import { VERSION } from '../../src/util/version.js';
import { releasedVersions } from '../../tools/released-versions.js';
import { bundleWorkflows, IN_THIS_THREAD } from '../support/temporal.js';

const folder = fileURLToPath(new URL('../histories/', import.meta.url));
const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.json'),
);
const read = (name: string) => readFileSync(`${folder}${name}`, 'utf8');

/** Returns the text of a history with its payloads decoded. */
const readDecoded = (name: string) =>
  read(name).replace(/"data": "([A-Za-z0-9+/=]+)"/g, (_match, data: string) =>
    Buffer.from(data, 'base64').toString('utf8'),
  );

const withoutTraces = { ...workerTracing(undefined), ...IN_THIS_THREAD };
const payload = (value: unknown) => ({
  metadata: { encoding: Buffer.from('json/plain').toString('base64') },
  data: Buffer.from(JSON.stringify(value)).toString('base64'),
});

describe('workflow compatibility', () => {
  let workflowBundle: WorkflowBundlePath;
  beforeAll(async () => {
    workflowBundle = await bundleWorkflows({ traced: true });
  });

  it('is tested with histories of every released version and of the next one', () => {
    const versions = [...releasedVersions(), VERSION];
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(versions));
  });

  it.each(names)('holds for the recorded history %s', { tags: ['REQ-04'] }, async (name) => {
    await Worker.runReplayHistory({ workflowBundle, ...withoutTraces }, JSON.parse(read(name)), name);
  });

  it.each(names)('holds for the recorded history %s if it had been started with a trace', async (name) => {
    const history = JSON.parse(read(name));
    const [{ workflowExecutionStartedEventAttributes: started }] = history.events;
    started.header = {
      fields: { [TRACE_HEADER]: payload({ traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` }) },
    };
    await Worker.runReplayHistory({ workflowBundle, ...withoutTraces }, history, name);
  });

  it('holds for workers that do not pass traces on', async () => {
    const untraced = await bundleWorkflows();
    const histories = names.map((name) => ({ workflowId: name, history: JSON.parse(read(name)) }));
    const replays = Worker.runReplayHistories({ workflowBundle: untraced, ...IN_THIS_THREAD }, histories);
    for await (const { error, workflowId } of replays) expect(error, workflowId).toBeUndefined();
  });

  it('is violated if a recorded step no longer exists', async () => {
    const changed = JSON.parse(read(`${VERSION}/finished.json`).replaceAll('uploadFile', 'sendFile'));
    await expect(
      Worker.runReplayHistory({ workflowBundle, ...withoutTraces }, changed, 'changed'),
    ).rejects.toThrow(/sendFile/);
  });

  it.each(names)('is tested with a history that has no secrets and no local paths: %s', (name) => {
    const text = readDecoded(name);
    expect(text).toContain('"x-amz-signature":"removed"');
    expect(text).not.toMatch(/"x-amz-signature":"(?!removed")|"policy":"(?!removed")|eyJ[\w-]{20,}/);
    expect(text).not.toMatch(/\d@\w|\/tmp\/|node_modules/);
  });
});
