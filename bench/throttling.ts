/**
 * `npm run bench -- throttling [--files 60]`: compares the duration of a batch during which Aplos asks three times for a pause
 * (429 with `Retry-After`) with that of a batch during which it does not.
 */
import { parseArgs } from 'node:util';
import { requestForFile, UploadClient } from '../src/client.js';
import { configuration } from '../test/support/tables.js';
import { startOwnWorld } from '../test/support/world.js';

const { values } = parseArgs({ options: { files: { type: 'string', default: '60' } } });
const files = Number(values.files);
const TIMES = 3;
const PAUSES = 3;
const PAUSE_SECONDS = 2;
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
  await batch(client); // includes the login
  const without: number[] = [];
  const withPauses: number[] = [];
  for (let time = 0; time < TIMES; time++) {
    without.push(await batch(client));
    addPauses();
    withPauses.push(await batch(client));
    if (world.sandbox.faults.waiting.length > 0) throw new Error('Not every pause was asked for');
  }
  const [plain, throttled] = [median(without), median(withPauses)];
  const asked = PAUSES * PAUSE_SECONDS;
  console.log(`without:     ${plain.toFixed(1)} s for ${files} files (median of ${TIMES})`);
  console.log(
    `three 429:   ${throttled.toFixed(1)} s, of which Aplos asked for ${asked} s; without these ${((throttled - asked) / plain).toFixed(2)} times`,
  );
}

/** Lets a presign and two starts be asked to pause, one after the other. */
function addPauses(): void {
  const throttled = { status: 429, headers: { 'Retry-After': `${PAUSE_SECONDS}` } };
  const { faults } = world.sandbox;
  faults.add({ route: 'presign', skip: Math.floor(files / 2), ...throttled });
  faults.add({ route: 'start', skip: Math.floor(files / 4), ...throttled });
  faults.add({ route: 'start', skip: Math.floor(files / 2), ...throttled });
}

async function batch(client: UploadClient): Promise<number> {
  const requests = [];
  for (let file = 1; file <= files; file++) {
    const path = await world.write(`pk-${++made}.csv`, `subject,time,conc\n1,0,0\n1,1,${made}\n`);
    requests.push(await requestForFile(path, { executions: [{ label: 'only', configuration }] }));
  }
  const before = performance.now();
  let failures = 0;
  for await (const { state } of client.asCompleted(client.startMany(requests)))
    if (state !== 'done') failures++;
  if (failures > 0) throw new Error(`${failures} uploads failed`);
  return (performance.now() - before) / 1000;
}

function median(all: readonly number[]): number {
  return [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;
}
