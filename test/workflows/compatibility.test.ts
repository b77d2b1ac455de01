import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { TRACE_HEADER } from '../../src/contract/trace-names.js';
import { workerTracing } from '../../src/telemetry/tracing/worker-tracing.js';
import { VERSION } from '../../src/util/version.js';
import { releasedVersions } from '../../tools/released-versions.js';
import { bundleWorkflows } from '../support/temporal.js';

const folder = fileURLToPath(new URL('../histories/', import.meta.url));
const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.json'),
);
const read = (name: string) => readFileSync(`${folder}${name}`, 'utf8');

/** The text of a history with its payloads in plain. */
const readDecoded = (name: string) =>
  read(name).replace(/"data": "([A-Za-z0-9+/=]+)"/g, (_match, data: string) =>
    Buffer.from(data, 'base64').toString('utf8'),
  );

const withoutTraces = workerTracing(undefined);
const payload = (value: unknown) => ({
  metadata: { encoding: Buffer.from('json/plain').toString('base64') },
  data: Buffer.from(JSON.stringify(value)).toString('base64'),
});

describe('the workflow as it is now', () => {
  let workflowBundle: WorkflowBundleWithSourceMap;
  beforeAll(async () => {
    workflowBundle = await bundleWorkflows({ traced: true });
  });

  it('is held against the histories of every version that was released, and of the one to come', () => {
    const versions = [...releasedVersions(), VERSION];
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(versions));
  });

  it.each(names)('replays what was recorded: %s', async (name) => {
    await Worker.runReplayHistory({ workflowBundle, ...withoutTraces }, JSON.parse(read(name)), name);
  });

  it.each(names)('replays what was recorded, had it been started with a trace: %s', async (name) => {
    const history = JSON.parse(read(name));
    const [{ workflowExecutionStartedEventAttributes: started }] = history.events;
    started.header = {
      fields: { [TRACE_HEADER]: payload({ traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` }) },
    };
    await Worker.runReplayHistory({ workflowBundle, ...withoutTraces }, history, name);
  });

  it('replays without what hands traces on: a worker of a version before it', async () => {
    const before = await bundleWorkflows();
    for (const name of names)
      await Worker.runReplayHistory({ workflowBundle: before }, JSON.parse(read(name)), name);
  });

  it('would notice a step that is no longer there', async () => {
    const changed = JSON.parse(read(`${VERSION}/finished.json`).replaceAll('confirmUpload', 'judgeUpload'));
    await expect(
      Worker.runReplayHistory({ workflowBundle, ...withoutTraces }, changed, 'changed'),
    ).rejects.toThrow(/judgeUpload/);
  });

  it.each(names)('holds nothing secret, nor the place where it was recorded: %s', (name) => {
    const text = readDecoded(name);
    expect(text).toContain('"x-amz-signature":"removed"');
    expect(text).not.toMatch(/"x-amz-signature":"(?!removed")|"policy":"(?!removed")|eyJ[\w-]{20,}/);
    expect(text).not.toMatch(/\d@\w|\/tmp\/|node_modules/);
  });
});
