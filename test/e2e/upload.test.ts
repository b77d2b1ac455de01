import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Receipt } from '../../src/contract/receipt.js';
import { bytesOf } from '../support/history.js';
import { startWorld, type World } from '../support/world.js';

const sample = (name: string) => fileURLToPath(new URL(`../../samples/${name}`, import.meta.url));
const CSV = sample('single-oral-dose.csv');
const CONFIG = sample('single-oral-dose.json');
const ACTIVITIES = ['presignUpload', 'uploadFile', 'confirmUpload', 'startExecution'];

describe('aplos-upload upload, with a worker, on real servers', () => {
  let world: World;
  let receipt: Receipt;

  beforeAll(async () => {
    world = await startWorld();
    await world.startWorker();
    const { stdout, stderr, exitCode } = await world.run('upload', CSV, '--config', CONFIG, '--json');
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    receipt = JSON.parse(stdout) as Receipt;
  });
  afterAll(() => world?.stop());

  const historyOf = async ({ workflowId }: Receipt, client = world.rawClient) =>
    (await client.workflow.getHandle(workflowId).fetchHistory()).events ?? [];
  const upload = () => world.sandbox.files.find(({ fileId }) => fileId === receipt.fileId)?.uploads[0];

  it('prints one receipt a line on stdout and nothing else there', async () => {
    const other = await world.write('other.csv', 'subject,time,conc\n1,0,0\n1,1,12.5\n');
    const { stdout } = await world.run('upload', CSV, other, '--config', CONFIG, '--json');
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as Receipt).fileName)).toEqual([
      'single-oral-dose.csv',
      'other.csv',
    ]);
  });

  it('stores the file byte for byte', async () => {
    expect(await world.sandbox.storedBytes(receipt.fileId ?? '')).toEqual(await readFile(CSV));
  });

  it("observes that S3's ETag is the MD5 of what was sent, and a 204", () => {
    expect(receipt).toMatchObject({ status: 204, etag: receipt.md5, etagIsMd5: true, fileState: 'ready' });
  });

  it('sends every presigned field in the order it came, the security token among them, and the file last', () => {
    const names = upload()?.fields.map(([name]) => name) ?? [];
    expect(names).toContain('x-amz-security-token');
    expect(names).toEqual(Object.keys(world.sandbox.files[0]?.fields ?? {}));
  });

  it('starts one execution of the file', () => {
    const charges = world.sandbox.charges.filter(({ fileId }) => fileId === receipt.fileId);
    expect(charges.map(({ executionId }) => executionId)).toEqual(
      receipt.executions.map(({ executionId }) => executionId),
    );
    expect(charges).toHaveLength(1);
  });

  it('leaves a history of the four activities in order, in some thirty events', async () => {
    const events = await historyOf(receipt);
    const names = events.map(
      ({ activityTaskScheduledEventAttributes }) => activityTaskScheduledEventAttributes?.activityType?.name,
    );
    expect(names.filter(Boolean)).toEqual(ACTIVITIES);
    expect(events.length).toBeGreaterThan(25);
    expect(events.length).toBeLessThan(40);
  });

  it('gets its turn before any batch, and presigns after all that has begun', async () => {
    const priorities = (await historyOf(receipt)).flatMap(
      ({ activityTaskScheduledEventAttributes: scheduled }) =>
        scheduled ? [[scheduled.activityType?.name, scheduled.priority?.priorityKey]] : [],
    );
    expect(priorities).toEqual([
      ['presignUpload', 2],
      ['uploadFile', 1],
      ['confirmUpload', 1],
      ['startExecution', 1],
    ]);
  });

  it('leaves no secret in the history as Temporal stores it, nor in the log', async () => {
    const history = bytesOf({ events: await historyOf(receipt) });
    expect(history.includes('presignUpload')).toBe(true);
    expect(world.log()).toContain(receipt.workflowId);
    for (const secret of world.sandbox.secrets) {
      expect(history.includes(secret), 'in the history').toBe(false);
      expect(world.log().includes(secret), 'in the log').toBe(false);
    }
  });

  it('can be found in the list by file name, profile, file id, execution and who asked', async () => {
    const query = [
      "AplosFileName = 'single-oral-dose.csv'",
      "AplosProfile = 'default'",
      `AplosFileId = '${receipt.fileId}'`,
      `AplosExecutionIds = '${receipt.executions[0]?.executionId}'`,
      'AplosRequestedBy IS NOT NULL',
    ].join(' AND ');
    await expect.poll(() => world.client.workflow.count(query).then(({ count }) => count)).toBe(1);
  });

  it('tells the story to the Temporal UI: a summary of the run and of each activity, readable without the key', async () => {
    const description = await world.rawClient.workflow.getHandle(receipt.workflowId).describe();
    expect(await description.staticSummary()).toMatch(/^single-oral-dose\.csv → Aplos \(default\), for /);
    const summaries = (await historyOf(receipt))
      .filter(({ activityTaskScheduledEventAttributes }) => activityTaskScheduledEventAttributes)
      .map(({ userMetadata }) => JSON.parse(Buffer.from(userMetadata?.summary?.data ?? []).toString()));
    expect(summaries).toEqual([
      'presigned POST for single-oral-dose.csv',
      'single-oral-dose.csv, 3,138 bytes',
      'verify that single-oral-dose.csv is stored intact',
      'single-oral-dose on single-oral-dose.csv',
    ]);
  });

  it('answers with the same receipt, and starts nothing, when the same file is uploaded again', async () => {
    const charges = world.sandbox.charges.length;
    const { stdout } = await world.run('upload', CSV, '--config', CONFIG, '--json');
    expect(JSON.parse(stdout)).toEqual(receipt);
    expect(world.sandbox.charges).toHaveLength(charges);
  });

  it('uploads a file under several configurations once, and starts an execution for each', async () => {
    const path = await world.write('two.csv', 'subject,time,conc\n1,0,0\n1,1,2\n');
    const second = await world.write('second.json', await readFile(CONFIG));
    const { stdout } = await world.run('upload', path, '--config', CONFIG, '--config', second, '--json');
    const { fileId, executions } = JSON.parse(stdout) as Receipt;
    expect(executions.map(({ label }) => label)).toEqual(['single-oral-dose', 'second']);
    expect(world.sandbox.charges.filter((charge) => charge.fileId === fileId)).toHaveLength(2);
  });

  it("passes the caller's metadata on, with the tracking id beside it", async () => {
    const path = await world.write('meta.csv', 'subject,time,conc\n1,0,0\n1,1,3\n');
    const meta = await world.write('meta.json', '{"study": "007"}');
    const { stdout } = await world.run('upload', path, '--config', CONFIG, '--meta', meta, '--json');
    const { fileId, executions } = JSON.parse(stdout) as Receipt;
    const charge = world.sandbox.charges.find((each) => each.fileId === fileId);
    expect(charge?.metaData).toEqual({
      study: '007',
      aplos_upload: { tracking_id: executions[0]?.trackingId },
    });
  });

  it('shows plain lines without a terminal, the receipt and where to look', async () => {
    const path = await world.write('plain.csv', 'subject,time,conc\n1,0,0\n1,1,4\n');
    const { stdout, stderr, exitCode } = await world.run('upload', path, '--config', CONFIG, '--wait');
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^(plain\.csv: .+\n)+$/);
    expect(stdout).toMatch(/✓ plain\.csv {2}\d+ bytes\n/);
    expect(stdout).toContain('In the Temporal UI:');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
    expect(stdout + stderr).not.toMatch(/\u001b/);
  });

  it('says how an upload stands', async () => {
    const { stdout, exitCode } = await world.run('status', receipt.workflowId);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^single-oral-dose\.csv +done .* default:single-oral-dose\.csv:[0-9a-f]{20}$/m);
    expect(stdout).toContain(receipt.executions[0]?.executionId);
  });

  it('finds nothing wrong with itself', async () => {
    const { stdout, exitCode } = await world.run('doctor');
    expect(stdout.split('\n').filter((line) => line.startsWith('✗'))).toEqual([]);
    expect(stdout).toContain('✓ Workers: 1 polling');
    expect(exitCode).toBe(0);
  });
});
