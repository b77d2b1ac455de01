/**
 * `npm run bench -- waits [--executions 5000] [--minutes 5] [--api v1]`: waits for the end of many executions at once, with one
 * worker. Measures calls, memory and activity slots meanwhile.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { requestForFile, UploadClient, type UploadHandle } from '../src/client.js';
import { type Series, seriesOf, startMonitoredWorker } from '../test/support/monitoring.js';
import { executionsFor, smallTable } from '../test/support/tables.js';
import { startOwnWorld } from '../test/support/world.js';
import { memoryOf } from './process-memory.js';

const { values } = parseArgs({
  options: {
    executions: { type: 'string', default: '5000' },
    minutes: { type: 'string', default: '5' },
    api: { type: 'string', default: 'v1' },
  },
});
const total = Number(values.executions);
const EXECUTIONS_A_FILE = 100;
const SAMPLE_MS = 1_000;

const world = await startOwnWorld(
  {
    api: values.api as 'v1' | 'v3',
    allocation: 10 * total,
    endExecution: () => ({ status: 'running', errors: [] }),
  },
  { keepsDatabase: false },
);
const { sandbox } = world;
try {
  const { process: worker, metricsUrl } = await startMonitoredWorker(world);
  const client = await UploadClient.connect({ client: world.client });
  const idle = await memoryOf(worker.child.pid, 'VmRSS');
  const handles: UploadHandle[] = [];
  for (let file = 0; file < total / EXECUTIONS_A_FILE; file++) {
    const path = await world.write(`pk-${file}.csv`, smallTable(file));
    const labels = Array.from({ length: EXECUTIONS_A_FILE }, (_, index) => `${file}-${index}`);
    handles.push(
      await client.start(
        await requestForFile(path, { executions: executionsFor(labels), until: 'completed' }),
      ),
    );
  }
  while (sandbox.charges.length < total) await sleep(500);
  console.log(`${total} executions started; waiting`);

  const slotsInUse = async () => {
    const series = seriesOf(await (await fetch(metricsUrl)).text());
    const isUsed = ({ name, labels }: Series) =>
      name === 'temporal_worker_task_slots_used' && labels.worker_type === 'ActivityWorker';
    return series.find(isUsed)?.value ?? Number.NaN;
  };
  for (let minute = 1; minute <= Number(values.minutes); minute++) {
    const seen = sandbox.calls.length;
    const slots: number[] = [];
    let memory = 0;
    const until = performance.now() + 60_000;
    while (performance.now() < until) {
      slots.push(await slotsInUse());
      memory = Math.max(memory, await memoryOf(worker.child.pid, 'VmRSS'));
      await sleep(SAMPLE_MS);
    }
    const calls = sandbox.calls.slice(seen);
    const count = (route: string) => calls.filter((each) => each.route === route).length;
    const average = slots.reduce((sum, each) => sum + each, 0) / slots.length;
    console.log(
      `minute ${minute}: ${count('list')} lists and ${count('status')} single calls; slots in use: ${average.toFixed(1)} on average, ${Math.max(...slots)} at most; memory ${memory} MB (idle: ${idle} MB)`,
    );
  }
  sandbox.change({ endExecution: () => undefined });
  const began = performance.now();
  let failures = 0;
  for await (const { state } of client.asCompleted(handles)) if (state !== 'done') failures++;
  console.log(
    `all ended: noticed after ${((performance.now() - began) / 1000).toFixed(0)} s, ${failures} failures`,
  );
} finally {
  await world.stop();
}
process.exit();
