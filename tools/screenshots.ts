/**
 * `npm run docs:screenshots`: takes the screenshots of the Temporal UI in docs/images, and the pictures of a terminal. Requires
 * Chromium at /usr/bin/chromium, or at CHROMIUM_PATH, pngquant, and `script` of util-linux. With `-- terminal`, takes only the latter.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { type Sandbox, startSandbox } from '../sandbox/sandbox.js';
import { freePorts } from '../sandbox/servers/free-ports.js';
import { startTemporalDevServer } from '../sandbox/servers/temporal.js';
import { startWorker } from '../sandbox/worker-process.js';
import { requestForFile, UploadClient, UploadFailedError, type UploadRequestInput } from '../src/client.js';
import { loadSettings } from '../src/settings/load.js';
import { startCodecServer } from '../src/temporal/codec-server.js';
import { EncryptionCodec } from '../src/temporal/encryption-codec.js';
import { workflowPage } from '../src/temporal/ui-links.js';
import { listColumns } from '../src/temporal/ui-views.js';
import { pictureFailures } from './picture-failures.js';

const WIDTH = 1280;
/** Width of the UI's navigation, which is cropped. */
const LEFT = 49;
const TOP = 48;
/** Delay until the UI has drawn its timeline. */
const SETTLE_MS = 4000;
/** Number of colors of a picture, which makes it a third as large. */
const COLORS = '64';
/** Time for which an execution is queued, and then runs. It outlasts the pictures until that of a waiting upload. */
const EXECUTION_MS = 45_000;
const CHROMIUM_FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-lcd-text', // smaller pictures
];
const repository = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const images = join(repository, 'docs', 'images');
const samples = join(repository, 'samples');

const stops: (() => Promise<unknown>)[] = [];
const started = <Server extends { stop(): Promise<unknown> }>(server: Server): Server => {
  stops.unshift(() => server.stop());
  return server;
};

try {
  await takePictures();
} finally {
  for (const stop of stops) await stop();
}
process.exit();

async function takePictures(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'aplos-screenshots-'));
  stops.push(() => rm(folder, { recursive: true, force: true }));
  const results = join(folder, 'results');
  await mkdir(results);
  const { uiUrl, namespace, sandbox } = await startServers(results);
  await mkdir(images, { recursive: true });
  await pictureFailures(join(images, 'status-failures.svg'), join(folder, 'study-8'), sandbox, (text) =>
    text.replaceAll(folder, '/data'),
  );
  if (process.argv.includes('terminal')) return;
  const uploads = await uploadAll(join(folder, 'study-7'), results, sandbox);
  const pageOf = (workflowId: string) => workflowPage(uiUrl, namespace, workflowId);
  const browser = await openBrowser(join(folder, 'browser'));
  stops.unshift(() => browser.close());
  const page = await browser.newPage();
  await page.addInitScript(showOwnColumns, listColumns);
  await showFoldersAsDeployed(page, { [folder]: '/data', [repository]: '/app' });
  const shoot = async (name: string, url: string, height: number, waitFor: string, tab?: string) => {
    await page.setViewportSize({ width: WIDTH, height });
    await page.goto(url);
    if (tab) await page.getByText(tab).first().click();
    await page.getByText(waitFor).first().waitFor();
    await page.waitForTimeout(SETTLE_MS);
    const clip = { x: LEFT, y: TOP, width: WIDTH - LEFT, height: height - TOP };
    const path = join(images, `${name}.png`);
    await page.screenshot({ path, clip });
    execFileSync('pngquant', ['--force', '--skip-if-larger', '--ext', '.png', COLORS, path]);
  };
  await shoot('waiting', pageOf(uploads.waiting), 760, 'awaitExecution', 'Pending Activities');
  await shoot('list', `${uiUrl}/namespaces/${namespace}/workflows`, 560, 'placebo-arm.csv');
  const failed = pageOf(uploads.failed);
  await shoot('workflow', pageOf(uploads.started), 960, 'day 1 on single-oral-dose.csv');
  await shoot('failed', failed, 880, 'dosing.amount must be more than 0');
  await shoot('failed-details', failed, 960, 'Current Details', 'User Metadata');
  await shoot('running', pageOf(uploads.running), 720, 'uploadFile', 'Pending Activities');
  await shoot('results', pageOf(uploads.completed), 960, 'fetchResults');
  await shoot('decoded', failed, 620, 'dosing.amount must be more than 0');
  await page.route('**/decode*', (route) => route.abort());
  await shoot('encrypted', failed, 620, 'message encrypted');
  await page.unrouteAll({ behavior: 'ignoreErrors' });
}

async function startServers(results: string) {
  const key = `docs:${randomBytes(32).toString('base64')}`;
  const { encryption } = loadSettings({ APLOS_UPLOAD_ENCRYPTION_KEY: key });
  const codec = new EncryptionCodec(encryption.mode === 'on' ? encryption.keys : []);
  const [port = 0] = await freePorts(1);
  const codecEndpoint = `http://127.0.0.1:${port}`;
  const [temporal, sandbox] = await Promise.all([
    startTemporalDevServer({ codecEndpoint }).then(started),
    startSandbox({ refuseConfiguration: refusal }).then(started),
  ]);
  started(await startCodecServer({ codec, origins: [temporal.uiUrl], port }));
  Object.assign(process.env, sandbox.env, {
    TEMPORAL_ADDRESS: temporal.address,
    APLOS_UPLOAD_ENCRYPTION_KEY: key,
    APLOS_UPLOAD_RESULTS_ROOTS: results,
  });
  started(await startWorker({}));
  return { ...temporal, sandbox };
}

function refusal({ dosing }: Readonly<Record<string, unknown>>): string | undefined {
  return (dosing as { amount?: unknown } | undefined)?.amount === 0
    ? 'dosing.amount must be more than 0'
    : undefined;
}

type Picture = 'started' | 'completed' | 'failed' | 'running' | 'waiting';

/**
 * Uploads a sample, one whose results are fetched, one with a refused configuration, one that S3 accepts slowly, and one that waits
 * for the end of its execution. Returns their workflow IDs.
 */
async function uploadAll(
  folder: string,
  results: string,
  sandbox: Sandbox,
): Promise<Readonly<Record<Picture, string>>> {
  const client = await UploadClient.connect();
  await mkdir(folder);
  const withResults = { results: `${pathToFileURL(results).href}/{batch}/{fileName}/{label}.zip` };
  const upload = async (
    sample: string,
    fileName: string,
    { dose, ...rest }: { dose?: number } & Partial<UploadRequestInput> = {},
  ) => {
    const configuration = JSON.parse(await readFile(join(samples, `${sample}.json`), 'utf8'));
    if (dose !== undefined) configuration.dosing.amount = dose;
    await copyFile(join(samples, `${sample}.csv`), join(folder, fileName));
    const request = await requestForFile(join(folder, fileName), {
      requestedBy: 'jane@example.com',
      batch: 'study-7',
      executions: [{ label: 'day 1', configuration }],
      ...rest,
    });
    return client.start(request);
  };
  const pendingOf = async (workflowId: string) => (await client.status(workflowId))?.pending[0];
  const refused = await upload('single-oral-dose', 'placebo-arm.csv', { dose: 0 });
  const dose = await upload('single-oral-dose', 'single-oral-dose.csv');
  const completed = await upload('food-effect-crossover', 'fasted-arm.csv', withResults);
  await Promise.all([
    dose.result(),
    completed.result(),
    refused.result().catch((error: unknown) => {
      if (!(error instanceof UploadFailedError)) throw error;
    }),
  ]);
  sandbox.change({ api: 'v3', stepMs: EXECUTION_MS }); // whose status has phases
  const waiting = await upload('food-effect-crossover', 'fed-arm.csv', withResults);
  while (!(await pendingOf(waiting.workflowId))?.execution?.percent) await sleep(500);
  sandbox.faults.add({ route: 'upload', status: 503, times: 2 });
  sandbox.faults.add({ route: 'upload', hang: true });
  const crossover = await upload('food-effect-crossover', 'food-effect-crossover.csv');
  while (((await pendingOf(crossover.workflowId))?.attempt ?? 0) < 3) await sleep(200);
  await client.close();
  return {
    started: dose.workflowId,
    completed: completed.workflowId,
    failed: refused.workflowId,
    running: crossover.workflowId,
    waiting: waiting.workflowId,
  };
}

function openBrowser(userDataDir: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(userDataDir, {
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    headless: true,
    chromiumSandbox: false,
    args: CHROMIUM_FLAGS,
    viewport: { width: WIDTH, height: 900 },
    colorScheme: 'light',
    locale: 'en-GB',
    timezoneId: 'UTC',
  });
}

/** Runs in the browser. The names are keys of the UI's settings. */
function showOwnColumns(columns: readonly string[]): void {
  const { localStorage } = globalThis as unknown as {
    localStorage: { setItem(key: string, value: string): void };
  };
  localStorage.setItem('navOpen', 'false');
  localStorage.setItem(
    'namespace-workflow-table-columns',
    JSON.stringify({ default: columns.map((label) => ({ label })) }),
  );
}

/** Replaces the folders of this machine by typical ones. */
async function showFoldersAsDeployed(page: Page, folders: Readonly<Record<string, string>>): Promise<void> {
  const rename = (text: string) =>
    Object.entries(folders).reduce((all, [own, shown]) => all.replaceAll(own, shown), text);
  await page.route('**/api/v1/**', async (route) => {
    if (route.request().url().includes('waitNewEvent=true')) return route.continue();
    const response = await route.fetch({ maxRetries: 3 }); // an idle connection may be closed
    await route.fulfill({ response, body: rename(await response.text()) });
  });
  await page.route('**/decode*', async (route) => {
    const response = await route.fetch({ maxRetries: 3 }); // an idle connection may be closed
    if (!response.ok()) return route.fulfill({ response });
    const { payloads } = (await response.json()) as { payloads: { data: string }[] };
    for (const payload of payloads) {
      const text = rename(Buffer.from(payload.data, 'base64').toString('utf8'));
      payload.data = Buffer.from(text).toString('base64');
    }
    return route.fulfill({ response, json: { payloads } });
  });
}
