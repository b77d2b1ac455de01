/**
 * `npm run alerts:try`: lets a real Prometheus, with the configuration of docs/operations/monitoring.md and the rules of
 * deploy/prometheus, scrape a real worker. Makes an upload fail, waits until the alert fires, and then runs every query of the
 * dashboard. Requires `prometheus` and `promtool` on the PATH.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { freePorts } from '../sandbox/servers/free-ports.js';
import { startServer } from '../sandbox/servers/server-process.js';
import { dashboardQueries, withVariables } from '../test/support/monitoring.js';
import { table } from '../test/support/tables.js';
import { startOwnWorld } from '../test/support/world.js';

const FIRES_WITHIN_MS = 30_000;
const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));

const configSchema = z.looseObject({
  rule_files: z.array(z.string()),
  scrape_configs: z.tuple([z.looseObject({ static_configs: z.array(z.unknown()) })]),
});
const alertsSchema = z.object({
  data: z.object({
    alerts: z.array(
      z.object({
        state: z.string(),
        labels: z.record(z.string(), z.string()),
        annotations: z.record(z.string(), z.string()),
      }),
    ),
  }),
});
const answerSchema = z.object({ status: z.string(), data: z.object({ result: z.array(z.unknown()) }) });

if (spawnSync('prometheus', ['--version']).error || spawnSync('promtool', ['--version']).error) {
  console.error('prometheus and promtool are needed on the PATH. Debian, Ubuntu: apt-get install prometheus');
  process.exit(1);
}
promtool('check', 'rules', path('deploy/prometheus/alerts.yml'));
promtool('test', 'rules', path('deploy/prometheus/alerts.test.yml'));

const [metricsPort = 0, prometheusPort = 0] = await freePorts(2);
const world = await startOwnWorld({}, { keepsDatabase: false });
try {
  await world.startWorker({ APLOS_UPLOAD_METRICS: `127.0.0.1:${metricsPort}` });
  const prometheus = await startPrometheus();
  try {
    await tryThem(`http://127.0.0.1:${prometheusPort}/api/v1`);
  } finally {
    await prometheus.stop();
  }
} finally {
  await world.stop();
}
process.exit();

function promtool(...args: string[]): void {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
  console.log(`promtool ${args[0]} ${args[1]}: passed`);
}

async function startPrometheus() {
  const folder = await mkdtemp(join(tmpdir(), 'aplos-upload-prometheus-'));
  const [, sample = ''] =
    /```yaml\n([^`]*)```/.exec(await readFile(path('docs/operations/monitoring.md'), 'utf8')) ?? [];
  const config = configSchema.parse(parse(sample));
  config.rule_files = [path('deploy/prometheus/alerts.yml')];
  config.scrape_configs[0].static_configs = [{ targets: [`127.0.0.1:${metricsPort}`] }];
  const configFile = join(folder, 'prometheus.yml');
  const global = { scrape_interval: '1s', evaluation_interval: '1s' };
  await writeFile(configFile, stringify({ ...config, global }));
  return startServer({
    name: 'Prometheus',
    command: 'prometheus',
    args: [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${prometheusPort}`,
    ],
    logFile: join(folder, 'prometheus.log'),
    ready: async () => (await fetch(`http://127.0.0.1:${prometheusPort}/-/ready`)).ok,
    leftovers: [folder],
    stopSignal: 'SIGTERM',
  });
}

/** Returns the last line that the command wrote to stderr. */
async function upload(name: string, expectedExitCode: number): Promise<string | undefined> {
  const file = await world.write(name, table(2_000));
  const config = path('samples/single-oral-dose.json');
  const { exitCode, stderr } = await world.run('upload', file, '--config', config, '--wait');
  assert.equal(exitCode, expectedExitCode, stderr);
  return stderr.trim().split('\n').at(-1);
}

async function tryThem(api: string): Promise<void> {
  const firing = async () =>
    alertsSchema
      .parse(await (await fetch(`${api}/alerts`)).json())
      .data.alerts.filter(({ state }) => state === 'firing');
  const values = async (query: string) =>
    answerSchema.parse(await (await fetch(`${api}/query?${new URLSearchParams({ query })}`)).json()).data
      .result;
  const until = async (what: string, isSo: () => Promise<boolean>) => {
    const deadline = performance.now() + FIRES_WITHIN_MS;
    while (!(await isSo())) {
      assert.ok(performance.now() < deadline, `${FIRES_WITHIN_MS / 1000} s passed without: ${what}`);
      await sleep(200);
    }
  };

  await until(
    'the worker is scraped',
    async () => (await values('up{job="aplos-upload"} == 1')).length === 1,
  );
  console.log('Prometheus scrapes the worker. Firing alerts:', (await firing()).length);

  await upload('before.csv', 0);
  world.sandbox.faults.add({ route: 'start', status: 402 });
  console.log(await upload('failed.csv', 1));

  const failed = performance.now();
  await until('an alert is firing', async () => (await firing()).length > 0);
  const seconds = ((performance.now() - failed) / 1000).toFixed(1);
  for (const { labels, annotations } of await firing()) {
    console.log(`firing after ${seconds} s: ${labels.alertname}, ${labels.severity}: ${annotations.summary}`);
    console.log(`  ${annotations.description}\n  ${annotations.runbook}`);
  }
  assert.deepEqual(
    (await firing()).map(({ labels }) => [labels.alertname, labels.code]),
    [['AplosUploadFailed', 'ALLOCATION_EXHAUSTED']],
  );

  world.sandbox.faults.add({ route: 'upload', status: 503 });
  await upload('after.csv', 0);
  await until(
    'another upload is seen',
    async () => (await values('sum(aplos_uploads_total) == 3')).length === 1,
  );

  const queries = await dashboardQueries();
  const empty = new Set<string>();
  for (const { panel, expr } of queries)
    if ((await values(withVariables(expr))).length === 0) empty.add(panel);
  console.log(
    `The dashboard's ${queries.length} queries are answered. Without data, as nothing of the kind happened: ${[...empty].join('; ')}`,
  );
}
