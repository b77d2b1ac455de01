/**
 * `npm run bench -- pace [--files 300] [--concurrent 5]`: uploads a batch to an Aplos that takes few executions at a time, and a
 * single file next to it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { withWorker } from './with-worker.js';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '300' },
    concurrent: { type: 'string', default: '5' },
  },
});
const files = Number(values.files);
const maxConcurrent = Number(values.concurrent);

await withWorker(
  async ({ world: { sandbox }, client, newRequest }) => {
    const requests = [];
    for (let file = 1; file <= files; file++) requests.push(await newRequest('bench'));
    const began = performance.now();
    const handles = [];
    for await (const handle of client.startMany(requests)) handles.push(handle);
    while (sandbox.charges.length < files / 10) await sleep(100);

    const single = await client.start(await newRequest());
    const isStored = () =>
      sandbox.files.some(
        ({ fileName, uploads }) =>
          fileName === single.fileName && uploads.some(({ status }) => status === 204),
      );
    while (!isStored()) await sleep(10);
    const before = sandbox.charges.length;
    const [execution] = (await single.result()).executions;
    const place = sandbox.charges.findIndex(({ executionId }) => executionId === execution?.executionId);

    let failures = 0;
    for await (const { state } of client.asCompleted(handles)) if (state !== 'done') failures++;
    const seconds = (performance.now() - began) / 1000;
    const accepted = sandbox.charges.length;
    const refused = sandbox.calls.filter(({ route }) => route === 'start').length - accepted;
    console.log(
      `${files} files, ${maxConcurrent} executions at a time: ${seconds.toFixed(0)} s, ${failures} failures`,
    );
    console.log(
      `starts: ${accepted} accepted, ${refused} refused, ${(refused / accepted).toFixed(2)} for each`,
    );
    console.log(`starts accepted between the upload of a single file and its own: ${place - before}`);
  },
  { api: 'v3', maxConcurrent, maxQueued: 0, stepMs: 500 },
);
