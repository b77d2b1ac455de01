/**
 * `npm run bench -- fairness [--files 300]`: compares the duration of a single upload on an idle system, during a batch on the
 * same worker, and as part of that batch.
 */
import { parseArgs } from 'node:util';
import { requestForFile, UploadClient } from '../src/client.js';
import { configuration } from '../test/support/tables.js';
import { startOwnWorld } from '../test/support/world.js';

const { values } = parseArgs({ options: { files: { type: 'string', default: '300' } } });
const files = Number(values.files);
const TIMES = 5;
let made = 0;

const world = await startOwnWorld({}, { keepsDatabase: false });
try {
  await world.startWorker();
  await run(await UploadClient.connect({ client: world.client }));
} finally {
  await world.stop();
}
process.exit();

async function run(client: UploadClient): Promise<void> {
  await single(client, 'first'); // includes the login
  const idle = await median(() => single(client, 'idle'));
  const requests = [];
  for (let file = 1; file <= files; file++) requests.push(await requestFor(`batch-${file}`, 'study-7'));
  for await (const _ of client.startMany(requests));
  const last = single(client, 'last', 'study-7');
  const busy = await median(() => single(client, 'busy'));
  const ofTheBatch = await last;
  console.log(`idle:            ${idle.toFixed(0)} ms for a single upload (median of ${TIMES})`);
  console.log(
    `during a batch:  ${busy.toFixed(0)} ms, ${(busy / idle).toFixed(1)} times that; ${files} files in the batch`,
  );
  console.log(`part of it:      ${ofTheBatch.toFixed(0)} ms, ${(ofTheBatch / idle).toFixed(1)} times`);
}

async function requestFor(name: string, batch?: string) {
  const path = await world.write(`${name}-${++made}.csv`, `subject,time,conc\n1,0,0\n1,1,${made}\n`);
  return requestForFile(path, {
    executions: [{ label: 'only', configuration }],
    ...(batch === undefined ? {} : { batch }),
  });
}

async function single(client: UploadClient, name: string, batch?: string): Promise<number> {
  const request = await requestFor(name, batch);
  const before = performance.now();
  await (await client.start(request)).result();
  return performance.now() - before;
}

async function median(measure: () => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let time = 0; time < TIMES; time++) times.push(await measure());
  return times.sort((a, b) => a - b)[Math.floor(TIMES / 2)] ?? 0;
}
