import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import type { WorkerProcess } from '../../sandbox/worker-process.js';
import { deleteWorkflow } from '../support/delete-workflow.js';
import { originsOf, Payments, SHORT_LAG } from '../support/payments.js';
import { configuration, executionsFor } from '../support/tables.js';
import { untilRunning } from '../support/until-running.js';
import type { RunningWorker } from '../support/warm-worker.js';

const FREEZE = new URL('../support/freeze-before-start.mjs', import.meta.url).href;

describe.concurrent('an analysis that is asked for again', () => {
  const HOST = 'lab-pc';
  let pay: Payments;

  beforeAll(async () => {
    pay = await Payments.open();
    await pay.world.startWorker({ ...SHORT_LAG, APLOS_UPLOAD_HOST: HOST });
    await pay.world.startWorker(SHORT_LAG);
  });
  afterAll(() => pay?.world.stop());

  it('is not charged if another configuration is added to its finished file', {
    tags: ['REQ-11'],
  }, async () => {
    const path = await pay.file();
    const before = await pay.upload(path, ['day 1']);
    const after = await pay.upload(path, ['day 1', 'day 7']);
    expect(pay.charged(path)).toEqual(['day 1', 'day 7']);
    expect(originsOf(after)).toEqual(['found', 'started']);
    expect(after.executions[0]?.executionId).toBe(before.executions[0]?.executionId);
  });

  it('is not charged under another label', { tags: ['REQ-11'] }, async () => {
    const path = await pay.file();
    const executions = executionsFor(['day 1']);
    const before = await pay.upload(path, [], { executions });
    const after = await pay.upload(path, [], {
      executions: executions.map((each) => ({ ...each, label: 'renamed' })),
    });
    expect(pay.charged(path)).toEqual(['day 1']);
    expect(after.executions[0]?.executionId).toBe(before.executions[0]?.executionId);
  });

  it('is not charged if its file is asked for under another path, or on another host', {
    tags: ['REQ-11'],
  }, async () => {
    const path = await pay.file();
    const before = await pay.upload(path, ['day 1']);
    const other = pathToFileURL(path.replace(/[^/]+$/, 'copies/$&'));
    const { pathname } = other;
    await mkdir(join(pathname, '..'), { recursive: true });
    await writeFile(pathname, await pay.world.sandbox.storedBytes(before.fileId ?? ''));
    const executions = executionsFor(['day 1']);
    for (const rest of [{}, { host: HOST }]) {
      const handle = await pay.client.start({ source: other.href, executions, ...rest });
      expect(handle).toMatchObject({ state: 'started' });
      const receipt = await handle.result();
      expect(pay.charged(path)).toEqual(['day 1']);
      expect(originsOf(receipt)).toEqual(['found']);
    }
  });

  it('is charged once more for a reason to run it again, and only once for the same reason', {
    tags: ['REQ-13'],
  }, async () => {
    const path = await pay.file();
    const executions = executionsFor(['day 1']).map((each) => ({ ...each, again: 'engine 3.2' }));
    await pay.upload(path, ['day 1']);
    const again = await pay.upload(path, [], { executions });
    expect(again.executions).toMatchObject([{ origin: 'started', again: 'engine 3.2' }]);
    expect(pay.charged(path)).toEqual(['day 1', 'day 1']);

    const handle = await pay.client.start({ source: pathToFileURL(path).href, executions });
    expect(handle.state).toBe('started');
    expect(await handle.result()).toMatchObject({ executions: [{ origin: 'found', again: 'engine 3.2' }] });
    expect(pay.charged(path)).toEqual(['day 1', 'day 1']);
  });

  it('is charged once if it has two labels in one request, and the receipt has both', async () => {
    const path = await pay.file();
    const executions = ['first', 'second'].map((label) => ({ label, configuration }));
    const receipt = await pay.upload(path, [], { executions });
    expect(receipt.executions.map(({ label }) => label)).toEqual(['first', 'second']);
    expect(new Set(receipt.executions.map(({ executionId }) => executionId)).size).toBe(1);
    expect(pay.charged(path)).toHaveLength(1);
  });

  it('is charged once if two workflows ask for it at the same moment', {
    timeout: 120_000,
    tags: ['REQ-11'],
  }, async () => {
    const paths = await Promise.all(Array.from({ length: 5 }, () => pay.file()));
    await Promise.all(
      paths.flatMap((path) => [
        pay.upload(path, ['day 1', 'day 7']),
        pay.upload(path, ['day 7', 'day 14']),
        pay.upload(path, ['day 14', 'day 1', 'day 7']),
      ]),
    );
    expect(paths.map((path) => pay.charged(path))).toEqual(paths.map(() => ['day 1', 'day 14', 'day 7']));
  });
});

describe('an analysis that Temporal has forgotten', () => {
  let pay: Payments;
  let worker: RunningWorker;

  beforeAll(async () => {
    pay = await Payments.open();
    worker = await pay.world.startWorker(SHORT_LAG);
  });
  afterEach(() => pay.world.sandbox.faults.clear());
  afterAll(() => pay?.world.stop());

  it('is found, and not charged again', { timeout: 150_000, tags: ['REQ-11'] }, async () => {
    const path = await pay.file();
    const before = await pay.upload(path, ['day 1', 'day 7']);
    expect(await deleteWorkflow(pay.world.client, before.workflowId, 100_000)).toBe(true);
    await worker.stop();
    worker = await pay.world.startWorker(SHORT_LAG);
    const handle = await pay.start(path, ['day 1', 'day 7']);
    expect(handle).toMatchObject({ workflowId: before.workflowId, state: 'started' });
    const after = await handle.result();
    expect(pay.charged(path)).toEqual(['day 1', 'day 7']);
    expect(originsOf(after)).toEqual(['found', 'found']);
    expect(after.executions.map(({ executionId }) => executionId)).toEqual(
      before.executions.map(({ executionId }) => executionId),
    );
  });

  it('is searched for in lists that all the starts of a batch share', async () => {
    const FILES = 36;
    const paths = await Promise.all(Array.from({ length: FILES }, () => pay.file()));
    await Promise.all(paths.map((path) => pay.upload(path, ['day 1'])));
    const before = { list: pay.calls('list'), charges: pay.world.sandbox.charges.length };
    const { faults } = pay.world.sandbox;
    faults.add({ route: 'list', delayMs: 600_000 });
    const slow = { route: 'list', times: 'always', delayMs: 2_000 } as const;
    faults.add(slow);
    // Without its SHA-256, a request has another workflow id.
    const requests = paths.map((path) => ({
      source: pathToFileURL(path).href,
      executions: executionsFor(['day 1']),
    }));
    const handles = await Promise.all(requests.map((request) => pay.client.start(request)));
    for (const { workflowId } of handles) await untilRunning(pay.world.client, workflowId, 'startExecution');
    faults.clear(); // ends the first call, for which all have waited
    faults.add(slow);
    const receipts = await Promise.all(handles.map(({ result }) => result()));
    expect(pay.world.sandbox.charges).toHaveLength(before.charges);
    expect(receipts.flatMap(originsOf)).toEqual(paths.map(() => 'found'));
    expect(pay.calls('list') - before.list).toBeLessThanOrEqual(FILES / 6);
  }, 180_000);
});

describe.concurrent('a worker that is suspended', { tags: ['REQ-12'] }, () => {
  /** Suspends a worker at a moment, lets another one do its work, and continues it. Waits until it says that it does not start. */
  async function freeze(
    moment: 'after-list' | 'before-start',
    { onTestFinished, expect }: TestContext,
    api: 'v1' | 'v3',
  ) {
    const pay = await Payments.open({ api });
    onTestFinished(() => pay.world.stop());
    const frozen = await pay.world.startWorkerProcess({
      ...SHORT_LAG,
      APLOS_UPLOAD_CONCURRENCY: '1', // so that it has not asked for a step more when it is suspended
      NODE_OPTIONS: `--import ${FREEZE}`,
      FREEZE_AT: moment,
    });
    if (moment === 'after-list') pay.world.sandbox.faults.add({ route: 'list', status: 500 }); // no list is read ahead
    const path = await pay.file();
    const handle = await pay.start(path, ['day 1']);
    await expect.poll(() => stateOf(frozen)).toMatch(/^T/);
    expect(pay.charged(path)).toEqual([]);
    await pay.world.startWorker(SHORT_LAG);
    await expect.poll(() => pay.charged(path), { timeout: 120_000 }).toEqual(['day 1']);
    const before = pay.world.log().length;
    frozen.child.kill('SIGCONT');
    const receipt = await handle.result();
    await expect.poll(() => pay.world.log().slice(before)).toContain('START_NOT_SENT');
    expect(pay.charged(path)).toEqual(['day 1']);
    expect(originsOf(receipt)).toEqual(['started']);
  }

  const stateOf = async ({ child }: WorkerProcess) =>
    (await promisify(execFile)('ps', ['-o', 'state=', '-p', `${child.pid}`])).stdout;

  it('does not send a start that it was about to send', async (context) => {
    await freeze('before-start', context, 'v1');
  }, 180_000);

  it('does not send a start after it had searched the list', async (context) => {
    await freeze('after-list', context, 'v3');
  }, 180_000);
});

describe('a list that lags further behind than the workers expect', { tags: ['REQ-12'] }, () => {
  let pay: Payments;

  beforeAll(async () => {
    pay = await Payments.open();
    await pay.world.startWorker({ APLOS_UPLOAD_LIST_LAG: '2' });
  });
  afterEach(() => pay.world.sandbox.faults.clear());
  afterAll(() => pay?.world.stop());

  it('is searched until it shows a start whose response was lost', async () => {
    const { faults } = pay.world.sandbox;
    faults.add({ route: 'list', times: 'always', stale: true });
    await pay.upload(await pay.file(), ['day 1']);
    faults.add({ route: 'start', status: 504, effect: true });
    const path = await pay.file();
    const upload = await pay.start(path, ['day 1']);
    const { calls } = pay.world.sandbox;
    const looks = () =>
      calls.slice(calls.findIndex(({ status }) => status === 504)).filter(({ route }) => route === 'list');
    await expect.poll(() => pay.charged(path)).toEqual(['day 1']);
    await expect.poll(() => looks().length).toBeGreaterThan(4); // the fifth comes after the list lag
    faults.clear();
    const receipt = await upload.result();
    expect(pay.charged(path)).toEqual(['day 1']);
    expect(originsOf(receipt)).toEqual(['found']);
  });

  it('is not believed if it never shows what Aplos has acknowledged', async () => {
    pay.world.sandbox.faults.add({ route: 'list', times: 'always', stale: true });
    await pay.upload(await pay.file(), ['day 1']);
    pay.world.sandbox.faults.add({ route: 'start', status: 504, effect: true });
    const path = await pay.file();
    const upload = await pay.start(path, ['day 1']);
    const outcome = await upload.result().catch((error: unknown) => error);
    expect(pay.charged(path)).toEqual(['day 1']);
    expect(outcome).toMatchObject({ code: 'START_UNSETTLED' });
  });
});
