/**
 * `npm run demo`: starts local servers and a worker, uploads both samples, waits for their results, and prints the
 * receipts, a row of results, and links to the Temporal UI. In a terminal, it then keeps the servers running until Ctrl-C, unless called with --once.
 */
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { out } from '../src/cli/output/colors.js';
import { Notices } from '../src/cli/output/notices.js';
import { follow, progressView } from '../src/cli/output/progress.js';
import { receiptLines } from '../src/cli/output/receipt-text.js';
import { loadSettings, requestForFile, UploadClient } from '../src/client.js';
import { workflowPage } from '../src/temporal/ui-links.js';
import { type FullSandbox, startFullSandbox } from './full-sandbox.js';

const SAMPLES = ['single-oral-dose', 'food-effect-crossover'];
const interactive = process.stdout.isTTY && !process.argv.includes('--once');
const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);

const stops: (() => Promise<void>)[] = [];
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
  say('Starting a Temporal dev server, an S3 server (SeaweedFS), a stand-in for Aplos NCA, and a worker…');
  const results = await mkdtemp(join(tmpdir(), 'aplos-upload-results-'));
  stops.unshift(() => rm(results, { recursive: true }));
  const sandbox = await startFullSandbox({ resultsRoot: results });
  stops.unshift(() => sandbox.stop());

  say('Uploading the two samples, and waiting for their results…\n');
  const workflowIds = await uploadSamples(sandbox, results);

  const { uiUrl, namespace } = sandbox.temporal;
  console.log(`\n${out.bold('Open the uploads in the Temporal UI:')} ${uiUrl}`);
  for (const workflowId of workflowIds) console.log(`  ${workflowPage(uiUrl, namespace, workflowId)}`);
  if (interactive) await keepRunning(sandbox);
  else
    say(
      'Stopping the servers, and removing the results. To keep them, run the demo in a terminal without --once.',
    );
}

async function uploadSamples({ aplos, env }: FullSandbox, results: string): Promise<string[]> {
  const client = await UploadClient.connect({ settings: loadSettings(env) });
  const view = progressView(new Notices());
  const receipts = await Promise.all(
    SAMPLES.map(async (name) => {
      const configuration = JSON.parse(await readFile(sample(`${name}.json`), 'utf8'));
      const request = await requestForFile(sample(`${name}.csv`), {
        requestedBy: 'demo',
        executions: [{ label: name, configuration }],
        results: `${pathToFileURL(results)}/{label}.zip`,
        unpackResults: true,
      });
      const upload = await client.start(request);
      return follow(client, upload, view.add(upload.fileName));
    }),
  );
  view.stop();
  for (const receipt of receipts) {
    console.log(['', ...receiptLines(receipt)].join('\n'));
    const stored = await aplos.storedBytes(receipt.fileId ?? '');
    const same = stored.equals(await readFile(sample(receipt.fileName)));
    console.log(
      `    ${out.dim('compared ')} the stored object ${same ? 'equals the file, byte for byte' : out.red('differs from the file')}`,
    );
    if (!same) process.exitCode = 1;
    for (const { label } of receipt.executions) {
      const table = await readFile(join(results, label, 'outputs', 'pk-results.csv'), 'utf8');
      const [columns = [], first = []] = table.split('\n').map((line) => line.split(','));
      console.log(
        `    ${out.dim('first row')} ${columns.map((name, index) => `${name} ${first[index]}`).join(', ')}`,
      );
    }
  }
  await client.close();
  return receipts.map(({ workflowId }) => workflowId);
}

async function keepRunning({ settingsFile }: FullSandbox): Promise<void> {
  console.log(
    '\nThe servers keep running until you press Ctrl-C. To upload a file yourself, in another terminal:\n',
  );
  console.log(
    `  npx aplos-upload upload samples/single-oral-dose.csv --config samples/single-oral-dose.json --wait --settings ${settingsFile}\n`,
  );
  await interrupted;
}

function sample(name: string): string {
  return fileURLToPath(new URL(`../samples/${name}`, import.meta.url));
}

function say(line: string): void {
  console.log(out.dim(line));
}
