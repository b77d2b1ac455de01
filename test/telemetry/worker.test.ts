import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../../sandbox/servers/free-ports.js';
import type { WorkerProcess } from '../../sandbox/worker-process.js';
import { UploadClient } from '../../src/client.js';
import { runWarmCommand } from '../support/command.js';
import {
  dashboardQueries,
  rules,
  type Selector,
  selectorsOf,
  seriesOf,
  sumOf,
  withVariables,
} from '../support/monitoring.js';
import { configuration, table } from '../support/tables.js';
import { type OwnWorld, startOwnWorld } from '../support/world.js';

const WRONG_PASSWORD = 'Not-the-password-1';

interface HealthResponse {
  readonly status: number;
  readonly text: string;
}

/** Returns the response at a path; `undefined` if nothing listens there. */
async function ask(port: number, path: string): Promise<HealthResponse | undefined> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
  return response && { status: response.status, text: await response.text() };
}

/** The tests run in order: the last ones check the metrics that the first ones provoked on two workers. */
describe('a worker with metrics and health endpoints', () => {
  let world: OwnWorld;
  let client: UploadClient;
  let worker: WorkerProcess;
  let metrics: number;
  let health: number;
  let otherMetrics: number;
  let otherHealth: number;
  let startedAt: number;
  const scrapes: string[] = [];

  beforeAll(async () => {
    world = await startOwnWorld();
    [metrics = 0, health = 0, otherMetrics = 0, otherHealth = 0] = await freePorts(4);
    client = await UploadClient.connect({ client: world.client });
    startedAt = Date.now();
    worker = await world.startWorkerProcess({ ...watched(metrics, health), APLOS_UPLOAD_IDLE_TIMEOUT: '5' });
  });
  afterAll(() => world?.stop());

  const watched = (metricsPort: number, healthPort: number) => ({
    APLOS_UPLOAD_METRICS: `127.0.0.1:${metricsPort}`,
    APLOS_UPLOAD_HEALTH: `127.0.0.1:${healthPort}`,
  });
  const start = async (name: string) => {
    const source = `file://${await world.write(name, table(2_000))}`;
    return client.start({ source, executions: [{ label: 'only', configuration }] });
  };
  const scrape = async (port: number) => (await ask(port, '/metrics'))?.text ?? '';

  it('counts uploads that are done, failed, stalled and retried', async () => {
    world.sandbox.faults.add({ route: 'start', status: 402 });
    await expect((await start('refused.csv')).result()).rejects.toMatchObject({
      code: 'ALLOCATION_EXHAUSTED',
    });
    world.sandbox.faults.add({ route: 'upload', status: 503 });
    world.sandbox.faults.add({ route: 'upload', hang: true });
    await (await start('done.csv')).result();

    await expect.poll(async () => sumOf(await scrape(metrics), 'aplos_uploads_total')).toBe(2);
    const text = await scrape(metrics);
    expect(sumOf(text, 'aplos_uploads_total', { result: 'done', code: '' })).toBe(1);
    expect(sumOf(text, 'aplos_uploads_total', { result: 'failed', code: 'ALLOCATION_EXHAUSTED' })).toBe(1);
    expect(sumOf(text, 'aplos_retries_total', { step: 'uploadFile', code: 'S3_UNAVAILABLE' })).toBe(1);
    // A busy machine may stall, too.
    const stalled = sumOf(text, 'aplos_retries_total', { step: 'uploadFile', code: 'S3_STALLED' });
    expect(stalled).toBeGreaterThanOrEqual(1);
    expect(sumOf(text, 'aplos_idle_aborts_total')).toBe(stalled);
    expect(sumOf(text, 'aplos_executions_started_total', { origin: 'started' })).toBe(1);
  });

  it('measures how late executions appear in the list', async () => {
    await (await start('listed.csv')).result(); // its look at the list shows the execution of done.csv
    await expect.poll(async () => sumOf(await scrape(metrics), 'aplos_list_lag_seconds_count')).toBe(1);
  });

  it('reports its start time', async () => {
    const seconds = sumOf(await scrape(metrics), 'process_start_time_seconds');
    expect(seconds).toBeGreaterThanOrEqual(startedAt / 1000);
    expect(seconds).toBeLessThan(Date.now() / 1000);
  });

  it('is alive but not ready while Temporal is unavailable, then ready again on its own', async () => {
    const ready = { status: 200, text: expect.stringContaining('"temporal":"ok","login default":"ok"') };
    await expect.poll(() => ask(health, '/readyz')).toEqual(ready);
    await world.temporal.kill();
    const notReady = { status: 503, text: expect.stringMatching(/"worker":"RUNNING","temporal":"(?!ok)/) };
    await expect.poll(() => ask(health, '/readyz')).toEqual(notReady);
    expect(await ask(health, '/healthz')).toMatchObject({ status: 200 });
    scrapes.push(await scrape(metrics));

    await world.temporal.restart();
    await expect.poll(() => ask(health, '/readyz')).toEqual(ready);
  });

  it('is alive but not ready while it drains', async () => {
    world.sandbox.faults.add({ route: 'upload', hang: true }); // until the idle timeout
    const uploads = () => world.sandbox.calls.filter(({ route }) => route === 'upload').length;
    const before = uploads();
    const upload = await start('drained.csv');
    await expect.poll(() => uploads()).toBe(before + 1);

    const exit = once(worker.child, 'exit');
    worker.child.kill('SIGTERM');
    const draining = { status: 503, text: expect.stringContaining('"worker":"DRAINING"') };
    await expect.poll(() => ask(health, '/readyz')).toEqual(draining);
    expect(await ask(health, '/healthz')).toMatchObject({ status: 200 });
    expect(await exit).toEqual([0, null]);
    await client.cancel(upload.workflowId);
  });

  it('is not ready with a wrong password, does not reveal it, and counts tasks that it cannot decode', async () => {
    await start('for-another-key.csv');
    await world.startWorkerProcess({
      ...watched(otherMetrics, otherHealth),
      COGNITO_PASSWORD: WRONG_PASSWORD,
      APLOS_UPLOAD_ENCRYPTION_KEY: `other:${Buffer.alloc(32, 1).toString('base64')}`,
    });
    const refused = { status: 503, text: expect.stringContaining('"login default":"LOGIN_REFUSED: ') };
    await expect.poll(() => ask(otherHealth, '/readyz')).toEqual(refused);
    expect(await ask(otherHealth, '/healthz')).toMatchObject({ status: 200 });

    const failed = async () =>
      sumOf(await scrape(otherMetrics), 'temporal_workflow_task_execution_failed_total');
    await expect.poll(() => failed()).toBeGreaterThan(0);
    scrapes.push(await scrape(otherMetrics));

    const output = [...scrapes, (await ask(otherHealth, '/readyz'))?.text].join('\n');
    const secrets = [...world.sandbox.secrets, WRONG_PASSWORD, world.env.COGNITO_PASSWORD, 'csv'];
    expect(secrets.filter((secret) => secret && output.includes(secret))).toEqual([]);
  });

  it.each(['APLOS_UPLOAD_METRICS', 'APLOS_UPLOAD_HEALTH'])(
    'does not start if the port of %s is taken',
    async (setting) => {
      const env = { ...world.env, [setting]: `127.0.0.1:${otherHealth}` };
      const { exitCode, stderr } = await runWarmCommand(['worker'], env);
      expect({ exitCode, stderr }).toEqual({
        exitCode: 2,
        stderr: expect.stringContaining(
          `✗ SETTINGS_INVALID: ${setting}: cannot listen on port ${otherHealth}`,
        ),
      });
    },
  );

  it('has served every series, label and value that the alerts and the dashboard use', async () => {
    const served = scrapes.flatMap(seriesOf);
    const all = await rules();
    const recorded = all.map(({ record }) => record);
    const isServed = ({ name, matchers, groupedBy }: Selector) =>
      served.some(
        (series) =>
          series.name === name &&
          groupedBy.every((label) => label in series.labels || ADDED_BY_PROMETHEUS.includes(label)) &&
          matchers.every(
            ({ label, operator, value }) =>
              ADDED_BY_PROMETHEUS.includes(label) || matches(series.labels[label], operator, value),
          ),
      );
    const expressions = [
      ...all.map(({ expr }) => expr),
      ...(await dashboardQueries()).map(({ expr }) => withVariables(expr)),
    ];
    const missing = expressions
      .flatMap(selectorsOf)
      .filter(({ name }) => name !== 'up' && !recorded.includes(name))
      .filter((selector) => !isServed(selector));
    expect(missing).toEqual([]);
  });

  it('serves exactly the metrics and labels that docs/reference/metrics-and-search-attributes.md lists, besides those of the SDK', () => {
    const page = readFileSync(
      fileURLToPath(new URL('../../docs/reference/metrics-and-search-attributes.md', import.meta.url)),
      'utf8',
    );
    const listed = [...page.matchAll(/^\| `(\w+)` \| (counter|gauge|histogram) \| (.*?) \|/gm)].map(
      ([, name, type, cell = '']) => {
        const names = cell.split(';').map((part) => part.split(':')[0] ?? '');
        return [
          name,
          type,
          names.flatMap((part) => [...part.matchAll(/`(\w+)`/g)].map(([, label]) => label)).sort(),
        ];
      },
    );
    const text = scrapes.join('\n');
    const own = new Map(
      [...text.matchAll(/^# TYPE (?!temporal_)(\w+) (\w+)$/gm)].map(([, name, type]) => [name, type]),
    );
    const series = scrapes.flatMap(seriesOf);
    const served = [...own].map(([name, type]) => {
      const labels = series
        .filter((each) => each.name === name || each.name === `${name}_count`)
        .flatMap((each) => Object.keys(each.labels));
      return [name, type, [...new Set(labels)].filter((label) => !ADDED_BY_TEMPORAL.includes(label)).sort()];
    });
    expect(listed.sort()).toEqual(served.sort());
  });
});

const ADDED_BY_PROMETHEUS = ['job', 'instance', 'le'];
const ADDED_BY_TEMPORAL = ['namespace', 'taskQueue', 'workflowType'];

function matches(actual: string | undefined, operator: string, value: string): boolean {
  if (actual === undefined) return false;
  if (operator === '=') return actual === value;
  if (operator === '!=') return actual !== value;
  const isMatch = new RegExp(`^(?:${value})$`).test(actual);
  return operator === '=~' ? isMatch : !isMatch;
}
