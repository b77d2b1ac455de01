/**
 * `npm run bench -- hosts [--files 300]`: uploads a batch of files that only one host has. First, its worker is so busy that it
 * does not poll for minutes, and must not count as missing. Then it is killed during an upload, and the benchmark measures
 * the time until that is detected. Then it restarts, and each file must arrive as that host has it. Takes six minutes.
 */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pMap from 'p-map';
import { UploadClient, type UploadHandle } from '../src/client.js';
import { startOwnWorld } from '../test/support/world.js';

const { values } = parseArgs({ options: { files: { type: 'string', default: '300' } } });
const files = Number(values.files);
const SLOTS = 2;
const BUSY_FOR_MS = 180_000;
/** A path that is a different file in each process. */
const HERE = 'file:///proc/self/cwd';
const MISSING = "AplosErrorCode = 'HOST_WITHOUT_WORKER' AND ExecutionStatus = 'Running'";

const world = await startOwnWorld({}, { keepsDatabase: false });
const folderOf = (host: string) => join(world.folder, host);
const nameOf = (file: number) => `pk-${file}.csv`;
const countMissing = async () => (await world.client.workflow.count(MISSING)).count;
try {
  for (const host of ['lab-1', 'elsewhere']) {
    await mkdir(folderOf(host));
    for (let file = 1; file <= files; file++)
      await writeFile(join(folderOf(host), nameOf(file)), `subject,time,${host}\n1,0,${file}\n`);
  }
  await world.startWorkerProcess({}, folderOf('elsewhere'));
  await run(await UploadClient.connect({ client: world.client }));
} finally {
  await world.stop();
}
process.exit();

async function run(client: UploadClient): Promise<void> {
  world.sandbox.faults.add({ route: 'upload', hang: true, times: SLOTS });
  const busy = await startLab({ APLOS_UPLOAD_CONCURRENCY: String(SLOTS), APLOS_UPLOAD_IDLE_TIMEOUT: '600' });
  const uploads = await startAll(client);
  await sleep(BUSY_FOR_MS);
  assert.equal(await client.hostHasWorker('lab-1'), true);
  assert.equal(await countMissing(), 0);
  console.log(
    `busy:    ${files} files, ${SLOTS} hanging uploads; after ${BUSY_FOR_MS / 1000} s none is reported as waiting for a worker`,
  );

  busy.child.kill('SIGKILL');
  const killed = performance.now();
  await until(async () => (await client.hostHasWorker('lab-1')) === false);
  console.log(`killed:  reported as missing by the client after ${since(killed)}`);
  await until(async () => (await countMissing()) === files);
  console.log(`         reported by the last of ${files} workflows after ${since(killed)}`);

  await startLab({});
  const back = performance.now();
  const receipts = await pMap(uploads, (upload) => upload.result(), { concurrency: 20 });
  console.log(`back:    all ${files} uploads completed after ${since(back)}`);
  assert.equal(await countMissing(), 0);
  await pMap(
    receipts,
    async ({ fileId = '', fileName }) => {
      const stored = await world.sandbox.storedBytes(fileId);
      assert.ok(stored.equals(await readFile(join(folderOf('lab-1'), fileName))), fileName);
    },
    { concurrency: 20 },
  );
  const twice = receipts.filter(({ steps }) =>
    steps.some(({ step, attempts }) => step === 'upload' && attempts > 1),
  );
  console.log(`stored:  ${receipts.length} files, each as lab-1 has it; ${twice.length} were sent twice`);
}

function startLab(env: NodeJS.ProcessEnv) {
  const own = { APLOS_UPLOAD_HOST: 'lab-1', APLOS_UPLOAD_ROOTS: folderOf('lab-1') };
  return world.startWorkerProcess({ ...own, ...env }, folderOf('lab-1'));
}

async function startAll(client: UploadClient): Promise<UploadHandle[]> {
  const requests = Array.from({ length: files }, (_, file) => ({
    source: `${HERE}/${nameOf(file + 1)}`,
    host: 'lab-1',
    batch: 'study-7',
  }));
  const uploads = [];
  for await (const upload of client.startMany(requests)) uploads.push(upload);
  return uploads;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(1000);
}

function since(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(0)} s`;
}
