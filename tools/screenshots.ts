/**
 * `npm run docs:screenshots`: takes the screenshots of the Temporal UI in docs/images, and the pictures of a terminal. Requires
 * Chromium at /usr/bin/chromium, or at CHROMIUM_PATH, and `script` of util-linux. With `-- terminal`, takes only the latter.
 */
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { type Sandbox, startSandbox } from '../sandbox/sandbox.js';
import { freePorts } from '../sandbox/servers/free-ports.js';
import { startTemporalDevServer } from '../sandbox/servers/temporal.js';
import { startWorker } from '../sandbox/worker-process.js';
import { requestForFile, UploadClient, UploadFailedError } from '../src/client.js';
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
  const { uiUrl, namespace, sandbox } = await startServers();
  const folder = await mkdtemp(join(tmpdir(), 'aplos-screenshots-'));
  stops.push(() => rm(folder, { recursive: true, force: true }));
  await mkdir(images, { recursive: true });
  await pictureFailures(join(images, 'status-failures.svg'), join(folder, 'study-8'), sandbox, (text) =>
    text.replaceAll(folder, '/data'),
  );
  if (process.argv.includes('terminal')) return;
  const { done, failed, running } = await uploadAll(join(folder, 'study-7'), sandbox);
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
    await page.screenshot({ path: join(images, `${name}.png`), clip });
  };
  await shoot('list', `${uiUrl}/namespaces/${namespace}/workflows`, 480, 'placebo-arm.csv');
  await shoot('workflow', workflowPage(uiUrl, namespace, done), 930, 'day 1 on single-oral-dose.csv');
  await shoot('failed', workflowPage(uiUrl, namespace, failed), 930, 'dosing.amount must be more than 0');
  const story = workflowPage(uiUrl, namespace, failed);
  await shoot('failed-details', story, 960, 'Current Details', 'User Metadata');
  const waiting = workflowPage(uiUrl, namespace, running);
  await shoot('running', waiting, 760, 'uploadFile', 'Pending Activities');
  await shoot('decoded', workflowPage(uiUrl, namespace, failed), 620, 'dosing.amount must be more than 0');
  await page.route('**/decode*', (route) => route.abort());
  await shoot('encrypted', workflowPage(uiUrl, namespace, failed), 620, 'message encrypted');
  await page.unrouteAll({ behavior: 'ignoreErrors' });
}

async function startServers() {
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
  });
  started(await startWorker({}));
  return { ...temporal, sandbox };
}

function refusal({ dosing }: Readonly<Record<string, unknown>>): string | undefined {
  return (dosing as { amount?: unknown } | undefined)?.amount === 0
    ? 'dosing.amount must be more than 0'
    : undefined;
}

/** Uploads a sample, a sample with a refused configuration, and a sample that S3 accepts slowly. */
async function uploadAll(
  folder: string,
  { faults }: Sandbox,
): Promise<{ done: string; failed: string; running: string }> {
  const client = await UploadClient.connect();
  await mkdir(folder);
  const upload = async (sample: string, fileName: string, dose?: number) => {
    const configuration = JSON.parse(await readFile(join(samples, `${sample}.json`), 'utf8'));
    if (dose !== undefined) configuration.dosing.amount = dose;
    await copyFile(join(samples, `${sample}.csv`), join(folder, fileName));
    const request = await requestForFile(join(folder, fileName), {
      requestedBy: 'jane@example.com',
      batch: 'study-7',
      executions: [{ label: 'day 1', configuration }],
    });
    return client.start(request);
  };
  const refused = await upload('single-oral-dose', 'placebo-arm.csv', 0);
  const dose = await upload('single-oral-dose', 'single-oral-dose.csv');
  await Promise.all([
    dose.result(),
    refused.result().catch((error: unknown) => {
      if (!(error instanceof UploadFailedError)) throw error;
    }),
  ]);
  faults.add({ route: 'upload', status: 503, times: 2 });
  faults.add({ route: 'upload', hang: true });
  const crossover = await upload('food-effect-crossover', 'food-effect-crossover.csv');
  while (((await client.status(crossover.workflowId))?.pending[0]?.attempt ?? 0) < 3) await sleep(200);
  await client.close();
  return { done: dose.workflowId, failed: refused.workflowId, running: crossover.workflowId };
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
    const response = await route.fetch();
    await route.fulfill({ response, body: rename(await response.text()) });
  });
  await page.route('**/decode*', async (route) => {
    const response = await route.fetch();
    if (!response.ok()) return route.fulfill({ response });
    const { payloads } = (await response.json()) as { payloads: { data: string }[] };
    for (const payload of payloads) {
      const text = rename(Buffer.from(payload.data, 'base64').toString('utf8'));
      payload.data = Buffer.from(text).toString('base64');
    }
    return route.fulfill({ response, json: { payloads } });
  });
}
