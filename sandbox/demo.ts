/**
 * `npm run demo`: starts local servers and a worker, uploads both samples, and prints the receipts and links to the Temporal
 * UI. In a terminal, it then keeps the servers running until Ctrl-C, unless called with --once.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { out } from '../src/cli/output/colors.js';
import { Notices } from '../src/cli/output/notices.js';
import { follow, progressView } from '../src/cli/output/progress.js';
import { receiptLines } from '../src/cli/output/receipt-text.js';
import { requestForFile, UploadClient } from '../src/client.js';
import { loadSettings } from '../src/settings/load.js';
import { startCodecServer } from '../src/temporal/codec-server.js';
import { EncryptionCodec } from '../src/temporal/encryption-codec.js';
import { workflowPage } from '../src/temporal/ui-links.js';
import { type Sandbox, startSandbox } from './sandbox.js';
import { freePorts } from './servers/free-ports.js';
import { startTemporalDevServer, type TemporalDevServer } from './servers/temporal.js';
import { startWorker } from './worker-process.js';

const SAMPLES = ['single-oral-dose', 'food-effect-crossover'];
const interactive = process.stdout.isTTY && !process.argv.includes('--once');
const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);

const stops: (() => Promise<void>)[] = [];
const started = <Server extends { stop(): Promise<void> }>(server: Server): Server => {
  stops.unshift(() => server.stop());
  return server;
};

try {
  await Promise.race([demo(), interrupted]);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  for (const stop of stops) await stop();
}
process.exit();

async function demo(): Promise<void> {
  const key = `demo:${randomBytes(32).toString('base64')}`;
  const { encryption } = loadSettings({ APLOS_UPLOAD_ENCRYPTION_KEY: key });
  const [codecPort = 0] = await freePorts(1);
  const codecEndpoint = `http://127.0.0.1:${codecPort}`;

  say('Starting a Temporal dev server, an S3 server (SeaweedFS) and a stand-in for Aplos NCA…');
  const [temporal, sandbox] = await Promise.all([
    startTemporalDevServer({ codecEndpoint }).then(started),
    startSandbox().then(started),
  ]);
  started(
    await startCodecServer({
      codec: new EncryptionCodec(encryption.mode === 'on' ? encryption.keys : []),
      origins: [temporal.uiUrl, temporal.uiUrl.replace('127.0.0.1', 'localhost')],
      port: codecPort,
    }),
  );
  Object.assign(process.env, sandbox.env, {
    APLOS_UPLOAD_UI_URL: temporal.uiUrl,
    TEMPORAL_CODEC_ENDPOINT: codecEndpoint,
    TEMPORAL_ADDRESS: temporal.address,
    APLOS_UPLOAD_ENCRYPTION_KEY: key,
    // Ignores the user's settings file.
    XDG_CONFIG_HOME: join(tmpdir(), 'aplos-upload-demo'),
  });

  say('Starting a worker…');
  started(await startWorker({}));

  say('Uploading the two samples…\n');
  const workflowIds = await uploadSamples(sandbox);

  console.log(`\n${out.bold('Open the uploads in the Temporal UI:')} ${temporal.uiUrl}`);
  for (const workflowId of workflowIds)
    console.log(`  ${workflowPage(temporal.uiUrl, temporal.namespace, workflowId)}`);
  if (interactive) await keepRunning(temporal, sandbox);
  else say('Stopping the servers. To keep them running, run the demo in a terminal without --once.');
}

async function uploadSamples(sandbox: Sandbox): Promise<string[]> {
  const client = await UploadClient.connect();
  const view = progressView(new Notices());
  const receipts = await Promise.all(
    SAMPLES.map(async (name) => {
      const configuration = JSON.parse(await readFile(sample(`${name}.json`), 'utf8'));
      const request = await requestForFile(sample(`${name}.csv`), {
        requestedBy: 'demo',
        executions: [{ label: name, configuration }],
      });
      const upload = await client.start(request);
      return follow(client, upload, view.add(upload.fileName));
    }),
  );
  view.stop();
  for (const receipt of receipts) {
    console.log(['', ...receiptLines(receipt)].join('\n'));
    const stored = await sandbox.storedBytes(receipt.fileId ?? '');
    const same = stored.equals(await readFile(sample(receipt.fileName)));
    console.log(
      `    ${out.dim('compared ')} the stored object ${same ? 'equals the file, byte for byte' : out.red('differs from the file')}`,
    );
    if (!same) process.exitCode = 1;
  }
  await client.close();
  return receipts.map(({ workflowId }) => workflowId);
}

async function keepRunning({ address, uiUrl }: TemporalDevServer, { env }: Sandbox): Promise<void> {
  console.log(
    '\nThe servers keep running until you press Ctrl-C. To upload a file yourself, paste this into another terminal:\n',
  );
  const variables = {
    TEMPORAL_ADDRESS: address,
    APLOS_UPLOAD_UI_URL: uiUrl,
    TEMPORAL_CODEC_ENDPOINT: process.env.TEMPORAL_CODEC_ENDPOINT,
    APLOS_UPLOAD_ENCRYPTION_KEY: process.env.APLOS_UPLOAD_ENCRYPTION_KEY,
    ...env,
  };
  for (const [name, value] of Object.entries(variables)) console.log(`  export ${name}='${value}'`);
  console.log(
    '  npx aplos-upload upload samples/single-oral-dose.csv --config samples/single-oral-dose.json --wait\n',
  );
  await interrupted;
}

function sample(name: string): string {
  return fileURLToPath(new URL(`../samples/${name}`, import.meta.url));
}

function say(line: string): void {
  console.log(out.dim(line));
}
