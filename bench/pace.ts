/**
 * `npm run bench -- pace [--files 300] [--concurrent 5]`: uploads a batch to an Aplos that takes few executions at a time, and a
 * single file next to it.
 */
import { parseArgs } from 'node:util';
import { requestForFile, UploadClient } from '../src/client.js';
import { configuration } from '../test/support/tables.js';
import { startOwnWorld } from '../test/support/world.js';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '300' },
    concurrent: { type: 'string', default: '5' },
  },
});
const files = Number(values.files);
const maxConcurrent = Number(values.concurrent);

const world = await startOwnWorld(
  { api: 'v3', maxConcurrent, maxQueued: 0, stepMs: 500 },
  { keepsDatabase: false },
);
try {
  await world.startWorker({ APLOS_API_VERSION: 'v3' });
  await run(await UploadClient.connect({ client: world.client }));
} finally {
  await world.stop();
}
process.exit();

async function run(client: UploadClient): Promise<void> {
  const began = performance.now();
  const requests = [];
  for (let file = 1; file <= files; file++) requests.push(await request(`pk-${file}.csv`, file, 'bench'));
  const handles = [];
  for await (const handle of client.startMany(requests)) handles.push(handle);
  while (world.sandbox.charges.length < files / 10) await new Promise((resolve) => setTimeout(resolve, 100));
  const before = world.sandbox.charges.length;
  const single = await client.start(await request('single.csv', 0));
  const { executions } = await single.result();
  const place = world.sandbox.charges.findIndex(
    ({ executionId }) => executionId === executions[0]?.executionId,
  );
  let failures = 0;
  for await (const { state } of client.asCompleted(handles)) if (state !== 'done') failures++;
  const calls = world.sandbox.calls.filter(({ route }) => route === 'start').length;
  const charges = world.sandbox.charges.length;
  console.log(
    `${files} files, ${maxConcurrent} at a time: ${((performance.now() - began) / 1000).toFixed(0)} s, ${failures} failures`,
  );
  console.log(
    `starts: ${charges} accepted, ${calls - charges} refused (${((calls - charges) / charges).toFixed(2)} for each)`,
  );
  console.log(`the single upload was start ${place - before + 1} after it was asked for`);
}

async function request(name: string, value: number, batch?: string) {
  const path = await world.write(name, `subject,time,conc\n1,0,0\n1,1,${value + 1}\n`);
  return requestForFile(path, {
    executions: [{ label: 'only', configuration }],
    ...(batch ? { batch } : {}),
  });
}
