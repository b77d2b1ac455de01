/**
 * `npm run bench -- fairness [--files 300]`: compares the duration of a single upload on an idle system, during a batch on the
 * same worker, and as part of that batch.
 */
import { parseArgs } from 'node:util';
import { median } from './median.js';
import { type Bench, withWorker } from './with-worker.js';

const { values } = parseArgs({ options: { files: { type: 'string', default: '300' } } });
const files = Number(values.files);
const TIMES = 5;

await withWorker(async (bench) => {
  await single(bench); // includes the login
  const idle = await medianOf(() => single(bench));
  const requests = [];
  for (let file = 1; file <= files; file++) requests.push(await bench.newRequest('study-7'));
  for await (const _ of bench.client.startMany(requests));
  const last = single(bench, 'study-7');
  const busy = await medianOf(() => single(bench));
  const ofTheBatch = await last;
  console.log(`idle:            ${idle.toFixed(0)} ms for a single upload (median of ${TIMES})`);
  console.log(
    `during a batch:  ${busy.toFixed(0)} ms, ${(busy / idle).toFixed(1)} times that; ${files} files in the batch`,
  );
  console.log(`part of it:      ${ofTheBatch.toFixed(0)} ms, ${(ofTheBatch / idle).toFixed(1)} times`);
});

/** Returns the duration of one upload in milliseconds. */
async function single({ client, newRequest }: Bench, batch?: string): Promise<number> {
  const request = await newRequest(batch);
  const before = performance.now();
  await (await client.start(request)).result();
  return performance.now() - before;
}

async function medianOf(measure: () => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let time = 0; time < TIMES; time++) times.push(await measure());
  return median(times);
}
