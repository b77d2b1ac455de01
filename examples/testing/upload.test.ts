import { writeFile } from 'node:fs/promises';
import { loadSettings, requestForFile, UploadClient } from 'aplos-upload-worker';
import { type Sandbox, startSandbox } from 'aplos-upload-worker/sandbox';
import { afterAll, beforeAll, expect, it } from 'vitest';

const columns = { time: 'time', unique_id: 'id', concentration: { observed: 'conc', analyzed: 'conc' } };
const configuration = { version: '2024-02-22', columns };

let sandbox: Sandbox;
let client: UploadClient;

beforeAll(async () => {
  sandbox = await startSandbox();
  client = await UploadClient.connect({ settings: loadSettings(sandbox.env) });
}, 300_000); // the servers are downloaded the first time
afterAll(async () => {
  await client?.close();
  await sandbox?.stop();
});

it('uploads a file and starts its analysis once, although Aplos fails', async () => {
  sandbox.aplos.faults.add({ route: 'start', status: 504, effect: true }); // the response is lost
  await writeFile('pk.csv', 'id,time,conc\n1,0,0\n1,1,10\n1,2,5\n');
  const request = await requestForFile('pk.csv', { executions: [{ configuration }] });

  const upload = await client.start(request);
  const receipt = await upload.result();

  expect(receipt).toMatchObject({ fileName: 'pk.csv', status: 204, executions: [{ label: '#1' }] });
  expect(sandbox.aplos.charges).toHaveLength(1);
}, 120_000);
