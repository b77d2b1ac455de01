/**
 * `npm run bench -- throttling [--files 60]`: compares the duration of a batch during which Aplos asks three times for a pause
 * (429 with `Retry-After`) with that of a batch during which it does not.
 */
import { parseArgs } from 'node:util';
import { median } from './median.js';
import { type Bench, withWorker } from './with-worker.js';

const { values } = parseArgs({ options: { files: { type: 'string', default: '60' } } });
const files = Number(values.files);
const TIMES = 3;
const PAUSES = 3;
const PAUSE_SECONDS = 2;

await withWorker(async (bench) => {
  await batch(bench); // includes the login
  const without: number[] = [];
  const withPauses: number[] = [];
  for (let time = 0; time < TIMES; time++) {
    without.push(await batch(bench));
    addPauses(bench);
    withPauses.push(await batch(bench));
    if (bench.world.sandbox.faults.waiting.length > 0) throw new Error('Not every pause was asked for');
  }
  const [plain, throttled] = [median(without), median(withPauses)];
  const asked = PAUSES * PAUSE_SECONDS;
  console.log(`without:     ${plain.toFixed(1)} s for ${files} files (median of ${TIMES})`);
  console.log(
    `three 429:   ${throttled.toFixed(1)} s, of which Aplos asked for ${asked} s; without these ${((throttled - asked) / plain).toFixed(2)} times`,
  );
});

/** Makes the sandbox ask for a pause in a presign and in two starts, one after the other. */
function addPauses({ world }: Bench): void {
  const throttled = { status: 429, headers: { 'Retry-After': `${PAUSE_SECONDS}` } };
  const { faults } = world.sandbox;
  faults.add({ route: 'presign', skip: Math.floor(files / 2), ...throttled });
  faults.add({ route: 'start', skip: Math.floor(files / 4), ...throttled });
  faults.add({ route: 'start', skip: Math.floor(files / 2), ...throttled });
}

/** Returns the duration of one batch in seconds. */
async function batch({ client, newRequest }: Bench): Promise<number> {
  const requests = [];
  for (let file = 1; file <= files; file++) requests.push(await newRequest());
  const before = performance.now();
  let failures = 0;
  for await (const { state } of client.asCompleted(client.startMany(requests)))
    if (state !== 'done') failures++;
  if (failures > 0) throw new Error(`${failures} uploads failed`);
  return (performance.now() - before) / 1000;
}
