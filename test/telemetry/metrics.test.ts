import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { secretsIn } from '../../bench/chaos/secrets.js';
import type { RecordedCall } from '../../sandbox/sandbox.js';
import type { WorkerProcess } from '../../sandbox/worker-process.js';
import { requestForFile, UploadClient } from '../../src/client.js';
import { errorTable } from '../../src/contract/errors.js';
import { TASK_QUEUE, WORKFLOW_TYPE } from '../../src/contract/names.js';
import { seriesOf, startMonitoredWorker, sumOf } from '../support/monitoring.js';
import { startWorld } from '../support/shared-world.js';
import { configuration, table } from '../support/tables.js';
import { untilRunning } from '../support/until-running.js';
import type { World } from '../support/world.js';

const WITHIN = { timeout: 90_000, interval: 50 };

/** `beforeAll` runs the uploads; the tests check the metrics that they left. */
describe('the metrics of a worker', () => {
  let world: World;
  let client: UploadClient;
  let worker: WorkerProcess;
  let text: string;
  let replayed: string;
  let sentBytes = 0;
  let files = 0;

  beforeAll(async () => {
    world = await startWorld();
    client = await UploadClient.connect({ client: world.client });
    const started = await startMonitored();
    worker = started.process;
    const { faults } = world.sandbox;

    faults.add({ route: 'fileState', expire: 'token' });
    faults.add({ route: 'start', cut: 'after' });
    await (await start()).result();

    faults.add({ route: 'start', status: 400 });
    const refused = await start();
    await expect(refused.result()).rejects.toMatchObject({ code: 'EXECUTION_REFUSED' });
    replayed = refused.workflowId;
    for await (const { state } of client.replay([replayed], { all: true })) expect(state).toBe('resumed');
    await client.result(replayed);

    const options = { taskQueue: TASK_QUEUE, workflowId: 'untrusted-client', args: [{}] };
    await expect(world.rawClient.workflow.execute(WORKFLOW_TYPE, options)).rejects.toThrow();

    faults.add({ route: 'fileState', hang: true, times: 'always' });
    const cancelled = await start();
    await untilRunning(world.client, cancelled.workflowId, 'confirmUpload'); // in a step of its own, after the local activity
    await client.cancel(cancelled.workflowId);
    await expect(cancelled.result()).rejects.toThrow();
    faults.clear();

    const unknown = await Promise.all(
      ['nonsense-1', 'nonsense-2'].map((type) =>
        world.rawClient.workflow.start(type, { taskQueue: TASK_QUEUE, workflowId: type }),
      ),
    );
    const failed = async () => {
      const scraped = await (await fetch(started.metricsUrl)).text();
      return sum('temporal_workflow_task_execution_failed_total', { workflow_type: 'other' }, scraped);
    };
    await vi.waitUntil(async () => (await failed()) >= 2, WITHIN);
    for (const handle of unknown) await handle.terminate();

    for await (const { analyses } of client.preview([await newRequest()]))
      expect(analyses).toMatchObject([{ state: 'new' }]);

    text = await (await fetch(started.metricsUrl)).text();
  });
  afterAll(() => world?.stop());

  const startMonitored = () => startMonitoredWorker(world, { APLOS_UPLOAD_LIST_LAG: '0.2' });

  async function newRequest() {
    const path = await world.write(`study-of-jane-${++files}.csv`, table(5_000));
    return requestForFile(path, { executions: [{ label: 'only', configuration }] });
  }

  async function start() {
    const request = await newRequest();
    sentBytes += request.expect?.sizeBytes ?? 0;
    return client.start(request);
  }

  const sum = (name: string, labels: Record<string, string> = {}, scraped = text) =>
    sumOf(scraped, name, labels);

  it('have one series for all workflow types that the worker does not have', () => {
    expect(text).not.toContain('nonsense');
    const types = seriesOf(text).flatMap(({ labels }) => labels.workflow_type ?? []);
    expect([...new Set(types)].filter(Boolean).sort()).toEqual([
      'other',
      'previewAnalyses',
      'uploadAnalysisFile',
    ]);
  });

  it('count each run once by its result: a failed and replayed upload as one failed and one done run', {
    tags: ['REQ-29'],
  }, () => {
    const uploads = (result: string, code: string) => sum('aplos_uploads_total', { result, code });
    expect(uploads('done', '')).toBe(2);
    expect(uploads('failed', 'EXECUTION_REFUSED')).toBe(1);
    expect(uploads('failed', 'REQUEST_INVALID')).toBe(1);
    expect(uploads('cancelled', '')).toBe(1);
    expect(sum('aplos_uploads_total')).toBe(5);
  });

  it('count the bytes sent, and executions by their origin', () => {
    expect(sum('aplos_uploaded_bytes_total', { profile: 'default' })).toBe(sentBytes);
    expect(sum('aplos_executions_started_total', { profile: 'default', origin: 'found' })).toBe(1);
    expect(sum('aplos_executions_started_total', { profile: 'default', origin: 'started' })).toBe(1);
    expect(world.sandbox.charges).toHaveLength(2);
  });

  it('count each login, the one after a refused token as well', () => {
    const logins = sum('aplos_logins_total', { profile: 'default', method: 'password', code: '' });
    expect([logins, sum('aplos_logins_total')]).toEqual([2, 2]);
  });

  it('do not count previews', () => {
    expect(text).toContain('previewAnalyses');
    expect(text).not.toMatch(/^aplos_.*findAnalyses/m);
    expect(sum('aplos_uploads_total')).toBe(5);
  });

  it('count each attempt of a step by its result, those of a replay as well', () => {
    const attempts = (step: string, result: string) => sum('aplos_step_seconds_count', { step, result });
    expect(attempts('presignUpload', 'done')).toBe(3);
    expect(attempts('uploadFile', 'done')).toBe(3);
    // A replay confirms the upload again before it repeats a start, unless that was slow, and so a step of its own.
    const confirmed = ({ route, status }: RecordedCall) => route === 'fileState' && status === 200;
    expect(attempts('confirmUpload', 'done')).toBe(world.sandbox.calls.filter(confirmed).length);
    expect(attempts('confirmUpload', 'done')).toBeGreaterThanOrEqual(2);
    expect(attempts('confirmUpload', 'cancelled')).toBe(1);
    expect(attempts('startExecution', 'done')).toBe(2);
    expect(attempts('startExecution', 'failed')).toBe(1);
    expect(sum('aplos_retries_total')).toBe(0);
  });

  it('have only error codes as values of `code`, and no file name, id or secret', {
    tags: ['REQ-22'],
  }, () => {
    const codes = seriesOf(text).flatMap(({ labels: { code } }) => (code ? [code] : []));
    expect(codes.filter((code) => !Object.hasOwn(errorTable, code))).toEqual([]);
    expect([...secretsIn(Buffer.from(text), world.sandbox.secrets)]).toEqual([]);
    expect(text).not.toMatch(/study-of-jane|untrusted-client/);
    for (const { fileId } of world.sandbox.files) expect(text).not.toContain(fileId);
  });

  it('do not count completed runs that another worker replays for a query', async () => {
    const [other] = await Promise.all([startMonitored(), worker.stop()]);
    const handle = world.client.workflow.getHandle(replayed);
    expect(await handle.query<{ step: string }>('progress')).toMatchObject({ step: 'done' });
    const scraped = await (await fetch(other.metricsUrl)).text();
    expect(sum('temporal_workflow_task_execution_latency_seconds_count', {}, scraped)).toBe(1);
    expect(sum('aplos_uploads_total', {}, scraped)).toBe(0);
  });
});
