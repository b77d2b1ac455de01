import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { temporal } from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Receipt } from '../../src/contract/receipt.js';
import { bytesOf, stepsIn } from '../support/history.js';
import { startWorld } from '../support/shared-world.js';
import type { World } from '../support/world.js';

type IHistoryEvent = temporal.api.history.v1.IHistoryEvent;

const sample = (name: string) => fileURLToPath(new URL(`../../samples/${name}`, import.meta.url));
const CSV = sample('single-oral-dose.csv');
const CONFIG = sample('single-oral-dose.json');
const STEPS = ['checkRequest', 'presignUpload', 'uploadFile', 'confirmUpload', 'startExecution'];

/** A history has more events if a machine stalled for seconds, so that a workflow task or a local activity timed out. */
const isOfStall = (event: IHistoryEvent) =>
  event.workflowTaskTimedOutEventAttributes || event.markerRecordedEventAttributes?.failure;
const MAX_ATTEMPTS = 3;

describe('aplos-upload upload, with a worker and real servers', () => {
  let world: World;
  let receipt: Receipt;

  beforeAll(async () => {
    for (let attempt = 1; ; attempt++) {
      world = await startWorld();
      await world.startWorker();
      const { stdout, stderr, exitCode } = await world.run('upload', CSV, '--config', CONFIG, '--json');
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
      receipt = JSON.parse(stdout) as Receipt;
      if (attempt === MAX_ATTEMPTS || !(await historyOf(receipt)).some(isOfStall)) return;
      await world.stop();
    }
  });
  afterAll(() => world?.stop());

  const historyOf = async ({ workflowId }: Receipt, client = world.rawClient) =>
    (await client.workflow.getHandle(workflowId).fetchHistory()).events ?? [];
  const upload = () => world.sandbox.files.find(({ fileId }) => fileId === receipt.fileId)?.uploads[0];

  it('prints only receipts on stdout, one per line, with --json', async () => {
    const other = await world.write('other.csv', 'subject,time,conc\n1,0,0\n1,1,12.5\n');
    const { stdout } = await world.run('upload', CSV, other, '--config', CONFIG, '--json');
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as Receipt).fileName)).toEqual([
      'single-oral-dose.csv',
      'other.csv',
    ]);
  });

  it('stores the file byte for byte', { tags: ['REQ-06'] }, async () => {
    expect(await world.sandbox.storedBytes(receipt.fileId ?? '')).toEqual(await readFile(CSV));
  });

  it("records status 204 and that S3's ETag equals the MD5 of the sent bytes", {
    tags: ['REQ-06', 'REQ-08'],
  }, () => {
    expect(receipt).toMatchObject({ status: 204, etag: receipt.md5, etagIsMd5: true, fileState: 'ready' });
  });

  it('sends every presigned field, including the security token, in the given order, and the file last', () => {
    const names = upload()?.fields.map(([name]) => name) ?? [];
    expect(names).toContain('x-amz-security-token');
    expect(names).toEqual(Object.keys(world.sandbox.files[0]?.fields ?? {}));
  });

  it('starts one execution', { tags: ['REQ-11'] }, () => {
    const charges = world.sandbox.charges.filter(({ fileId }) => fileId === receipt.fileId);
    expect(charges.map(({ executionId }) => executionId)).toEqual(
      receipt.executions.map(({ executionId }) => executionId),
    );
    expect(charges).toHaveLength(1);
  });

  it('produces a history with the steps in order, at most 27 events, and one change of search attributes', async () => {
    const events = await historyOf(receipt);
    expect(stepsIn({ events })).toEqual(STEPS);
    expect(events.length).toBeLessThanOrEqual(27);
    const changes = events.filter((event) => event.upsertWorkflowSearchAttributesEventAttributes);
    expect(changes).toHaveLength(1);
  });

  it('has a higher priority than batches, and presigns with a lower priority than uploads in progress', async () => {
    const priorities = (await historyOf(receipt)).flatMap(
      ({ activityTaskScheduledEventAttributes: scheduled }) =>
        scheduled ? [[scheduled.activityType?.name, scheduled.priority?.priorityKey]] : [],
    );
    expect(priorities).toEqual([
      ['presignUpload', 2],
      ['uploadFile', 1],
      ['startExecution', 1],
    ]);
  });

  it('writes no secret to the history that Temporal stores, or to the log', {
    tags: ['REQ-22'],
  }, async () => {
    const history = bytesOf({ events: await historyOf(receipt) });
    expect(history.includes('presignUpload')).toBe(true);
    expect(world.log()).toContain(receipt.workflowId);
    for (const secret of world.sandbox.secrets) {
      expect(history.includes(secret), 'in the history').toBe(false);
      expect(world.log().includes(secret), 'in the log').toBe(false);
    }
  });

  it('is listed by file name, profile, file id, execution and requester', { tags: ['REQ-18'] }, async () => {
    const query = [
      "AplosFileName = 'single-oral-dose.csv'",
      "AplosProfile = 'default'",
      `AplosFileId = '${receipt.fileId}'`,
      `AplosExecutionIds = '${receipt.executions[0]?.executionId}'`,
      'AplosRequestedBy IS NOT NULL',
    ].join(' AND ');
    await expect.poll(() => world.client.workflow.count(query).then(({ count }) => count)).toBe(1);
  });

  it('shows summaries of the run and of each step in the Temporal UI, without the encryption key', async () => {
    const description = await world.rawClient.workflow.getHandle(receipt.workflowId).describe();
    expect(await description.staticSummary()).toMatch(/^single-oral-dose\.csv → Aplos \(default\), for /);
    const summaries = (await historyOf(receipt))
      .filter(
        ({ userMetadata, workflowExecutionStartedEventAttributes: started }) => userMetadata && !started,
      )
      .map(({ userMetadata }) => JSON.parse(Buffer.from(userMetadata?.summary?.data ?? []).toString()));
    expect(summaries).toEqual([
      'presigned POST for single-oral-dose.csv',
      'single-oral-dose.csv, 3,138 bytes',
      'verify that single-oral-dose.csv is stored intact',
      'single-oral-dose on single-oral-dose.csv',
    ]);
  });

  it('returns the same receipt and starts nothing if the same file is uploaded again', {
    tags: ['REQ-11'],
  }, async () => {
    const charges = world.sandbox.charges.length;
    const { stdout } = await world.run('upload', CSV, '--config', CONFIG, '--json');
    expect(JSON.parse(stdout)).toEqual(receipt);
    expect(world.sandbox.charges).toHaveLength(charges);
  });

  it('uploads a file once, and starts an execution for each of several configurations', async () => {
    const path = await world.write('two.csv', 'subject,time,conc\n1,0,0\n1,1,2\n');
    const second = await world.write(
      'second.json',
      JSON.stringify({ ...JSON.parse(await readFile(CONFIG, 'utf8')), analysis: 'second' }),
    );
    const { stdout } = await world.run('upload', path, '--config', CONFIG, '--config', second, '--json');
    const { fileId, executions } = JSON.parse(stdout) as Receipt;
    expect(executions.map(({ label }) => label)).toEqual(['single-oral-dose', 'second']);
    expect(world.sandbox.charges.filter((charge) => charge.fileId === fileId)).toHaveLength(2);
  });

  it("sends the caller's metadata with the tracking id added", async () => {
    const path = await world.write('meta.csv', 'subject,time,conc\n1,0,0\n1,1,3\n');
    const meta = await world.write('meta.json', '{"study": "007"}');
    const { stdout } = await world.run('upload', path, '--config', CONFIG, '--meta', meta, '--json');
    const { fileId, executions } = JSON.parse(stdout) as Receipt;
    const charge = world.sandbox.charges.find((each) => each.fileId === fileId);
    expect(charge?.metaData).toEqual({
      study: '007',
      aplos_upload: {
        tracking_id: executions[0]?.trackingId,
        content_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        file_version_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        file_name: 'meta.csv',
        requested_at: expect.any(String),
      },
    });
  });

  it('prints plain progress lines, the receipt and a link if there is no terminal', async () => {
    const path = await world.write('plain.csv', 'subject,time,conc\n1,0,0\n1,1,4\n');
    const { stdout, stderr, exitCode } = await world.run('upload', path, '--config', CONFIG, '--wait');
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^(plain\.csv: .+\n)+$/);
    expect(stdout).toMatch(/✓ plain\.csv {2}\d+ bytes\n/);
    expect(stdout).toContain('In the Temporal UI:');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
    expect(stdout + stderr).not.toMatch(/\u001b/);
  });

  it('shows the status of an upload with `status`', async () => {
    const { stdout, exitCode } = await world.run('status', receipt.workflowId);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^single-oral-dose\.csv +done .* default:single-oral-dose\.csv:[0-9a-f]{12}-[0-9a-f]{12}$/m,
    );
    expect(stdout).toContain(receipt.executions[0]?.executionId);
  });

  it('links to the page of the upload, and of the list, in the Temporal UI', async () => {
    const { workflowId } = receipt;
    const pages = `/namespaces/${world.temporal.namespace}/workflows`;
    const page = `${pages}/${encodeURIComponent(workflowId)}`;
    const status = await world.run('status', workflowId);
    expect(status.stdout).toContain(`In the Temporal UI:\n  http://`);
    expect(status.stdout).toContain(page);
    const json = await world.run('status', workflowId, '--json', '--quiet');
    expect(JSON.parse(json.stdout)).toMatchObject({ page: expect.stringContaining(page) });
    expect((await world.run('status', workflowId, '--web')).stdout).toMatch(/^http:.*\n$/);
    expect((await world.run('status', '--failed', '--web')).stdout).toContain(`${pages}?query=`);
    const { views } = JSON.parse((await world.run('setup', '--json')).stdout);
    expect(views).toContainEqual({
      name: 'Failed uploads',
      page: expect.stringMatching(/\?query=WorkflowType.*Failed.*&savedQuery=Failed%20uploads$/),
    });
  });

  it('prints no more uploads than `--limit` says, and nothing but errors with `--quiet`', async () => {
    await world.run('upload', await world.write('two.csv', 'a,b\n1,2\n'), '--config', CONFIG, '--wait');
    const rows = (await world.run('status', '--limit', '1', '--json')).stdout.trimEnd().split('\n');
    expect(rows).toHaveLength(1);
    expect((await world.run('status', '--limit', '1')).stdout).toContain('more. Add --json to print all.');
    expect(await world.run('status', '--quiet')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect((await world.run('status', 'nothing.csv', '-q')).stderr).toMatch(/^✗ .*nothing\.csv.*\n$/);
  });

  it('passes every check of `doctor`', { tags: ['REQ-30'] }, async () => {
    const { stdout, exitCode } = await world.run('doctor');
    expect(stdout.split('\n').filter((line) => line.startsWith('✗'))).toEqual([]);
    expect(stdout).toContain('✓ Workers: 1 polling');
    expect(stdout).toContain(`  APLOS_UPLOAD_S3_BUCKETS=${world.sandbox.s3.bucket}\n`);
    expect(exitCode).toBe(0);
  });
});
