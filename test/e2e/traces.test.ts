import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { secretsIn } from '../../bench/chaos/secrets.js';
import type { WorkerProcess } from '../../sandbox/worker-process.js';
import { UploadClient, type UploadFailedError, type UploadHandle } from '../../src/client.js';
import type { Receipt } from '../../src/contract/receipt.js';
import { loadSettings } from '../../src/settings/load.js';
import { createSelfSigned } from '../support/certificates.js';
import { type Collector, type ReceivedSpan, startCollector } from '../support/collector.js';
import { runCommand } from '../support/command.js';
import { startWorld } from '../support/shared-world.js';
import { countingServer, serve, stopServer, urlOf } from '../support/source-server.js';
import { configuration, table } from '../support/tables.js';
import type { World } from '../support/world.js';

const SIGNATURE = 'signature-of-a-source';
const STEPS = ['checkRequest', 'presignUpload', 'uploadFile', 'confirmUpload', 'startExecution'];

describe('traces sent to a collector', () => {
  let world: World;
  let collector: Collector;
  let worker: WorkerProcess;
  let client: UploadClient;
  let source: Server;
  let env: NodeJS.ProcessEnv;
  let sourceUrl: string;
  let config: string;
  let receipt: Receipt;
  let spans: readonly ReceivedSpan[];

  beforeAll(async () => {
    [world, collector] = await Promise.all([startWorld(), startCollector()]);
    const certificate = createSelfSigned();
    await writeFile(join(world.folder, 'ca.pem'), certificate.cert);
    ({ server: source } = countingServer(serve(table(9_000)), certificate));
    source.listen(0, '127.0.0.1');
    await once(source, 'listening');
    env = {
      ...world.env,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '100',
      NODE_EXTRA_CA_CERTS: join(world.folder, 'ca.pem'),
      APLOS_UPLOAD_SOURCE_HOSTS: '127.0.0.1',
      APLOS_UPLOAD_LIST_LAG: '0.2',
    };
    worker = await world.startWorkerProcess(env);
    for (const [name, value] of Object.entries(world.env)) vi.stubEnv(name, value);
    client = await UploadClient.connect({ settings: loadSettings(world.env, 'client') });

    world.sandbox.faults.add({ route: 'presign', status: 503 });
    config = await world.write('config.json', JSON.stringify(configuration));
    sourceUrl = `${urlOf(source, certificate)}/study-of-jane/pk.csv?X-Amz-Signature=${SIGNATURE}`;
    const { stdout, stderr, exitCode } = await runCommand(
      ['upload', sourceUrl, '--config', config, '--json'],
      env,
    );
    expect({ stderr, exitCode }).toMatchObject({ exitCode: 0 });
    receipt = JSON.parse(stdout) as Receipt;
    spans = await traceOf(receipt);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await client?.close();
    if (source) stopServer(source);
    await world?.stop();
    await collector?.stop();
  });

  /** Returns the trace of an upload's last run after that run has closed. */
  async function traceOf({ workflowId }: { workflowId: string }): Promise<readonly ReceivedSpan[]> {
    const { runId } = await world.client.workflow.getHandle(workflowId).describe();
    const run = await vi.waitUntil(
      () =>
        collector.spans.find(
          ({ name, attributes }) => name.startsWith('RunWorkflow:') && attributes.temporalRunID === runId,
        ),
      { timeout: 90_000 },
    );
    return collector.spans.filter(({ traceId }) => traceId === run.traceId);
  }

  const only = (name: string, of = spans) => {
    const found = of.filter((span) => span.name === name);
    expect(found.map(({ name: each }) => each)).toEqual([name]);
    return found[0] as ReceivedSpan;
  };
  const childrenOf = ({ spanId }: ReceivedSpan, of = spans) =>
    of.filter(({ parentSpanId }) => parentSpanId === spanId);
  const start = async (name: string): Promise<UploadHandle> => {
    const path = await world.write(name, table(2_000));
    return client.start({ source: pathToFileURL(path).href, executions: [{ configuration }] });
  };
  const headersOf = async ({ workflowId }: UploadHandle | Receipt) => {
    const { events } = await world.rawClient.workflow.getHandle(workflowId).fetchHistory();
    return (events ?? []).flatMap(
      ({
        workflowExecutionStartedEventAttributes: started,
        activityTaskScheduledEventAttributes: scheduled,
      }) =>
        Object.entries((started ?? scheduled)?.header?.fields ?? {}).map(
          ([name, { data }]) => [name, Buffer.from(data ?? []).toString()] as const,
        ),
    );
  };

  it('contain the start by the command, the run, and each attempt of its activities in one trace', () => {
    const asked = only('StartWorkflow:uploadAnalysisFile');
    expect(asked).toMatchObject({ parentSpanId: '', service: 'aplos-upload' });
    const run = only('RunWorkflow:uploadAnalysisFile');
    expect(run).toMatchObject({ parentSpanId: asked.spanId, service: 'aplos-upload-worker' });
    expect(childrenOf(run).map(({ name }) => name)).toEqual(
      STEPS.flatMap((step) => Array(step === 'presignUpload' ? 2 : 1).fill(`RunActivity:${step}`)),
    );
    expect(
      new Set([asked, run, ...childrenOf(run)].map(({ attributes }) => attributes.temporalWorkflowID)),
    ).toEqual(new Set([receipt.workflowId]));
  });

  it('show a retry as two spans, of which the first failed with its code', () => {
    const [first, second] = spans.filter(({ name }) => name === 'RunActivity:presignUpload');
    expect(first?.attributes).toMatchObject({ 'aplos.upload.attempt': 1, 'error.type': 'API_UNAVAILABLE' });
    expect(first?.failedWith).toBe('API_UNAVAILABLE');
    expect(second?.attributes).toMatchObject({
      'aplos.upload.attempt': 2,
      'aplos.upload.profile': 'default',
      'aplos.upload.file_id': receipt.fileId,
    });
    expect(second?.failedWith).toBeUndefined();
  });

  it('show the login, the calls to Aplos and the POST to S3 under the activity that made them', () => {
    const calls = (step: string) =>
      spans
        .filter(({ name }) => name === `RunActivity:${step}`)
        .flatMap((attempt) => childrenOf(attempt))
        .map(({ name, attributes }) => {
          const path = String(attributes['url.path'] ?? '(no path)').replace(
            /^\/tenants\/.+\/users\/[^/]+/,
            '',
          );
          return `${name} ${path} ${attributes['http.response.status_code']}`;
        });
    const api = new URL(world.env.APLOS_API_URL ?? '').host;
    const read = new URL(sourceUrl).host;
    expect(calls('presignUpload')).toEqual([
      `GET ${read} (no path) 200`,
      `GET ${api} /v3/app/configuration 403`,
      `GET ${api} /app/configuration 200`,
      `POST ${api} / 200`,
      `POST ${api} /nca/files 503`,
      `GET ${read} (no path) 200`,
      `POST ${api} /nca/files 200`,
    ]);
    const ofUpload = calls('uploadFile');
    expect(ofUpload).toHaveLength(3);
    expect(ofUpload).toEqual(
      expect.arrayContaining([
        `GET ${read} (no path) 200`,
        `GET ${api} /nca/executions 200`, // the list that the start needs
        expect.stringMatching(/^POST 127\.0\.0\.1:\d+ \(no path\) 204$/),
      ]),
    );
    expect(calls('confirmUpload')).toEqual([`GET ${api} /nca/files/${receipt.fileId} 200`]);
    expect(calls('startExecution')).toEqual([`POST ${api} /nca/executions 200`]);
  });

  it('contain no secret, no source and no error message', { tags: ['REQ-22'] }, () => {
    const bytes = collector.bytes();
    const key = world.env.APLOS_UPLOAD_ENCRYPTION_KEY?.split(':')[1] ?? '';
    const secrets = [...world.sandbox.secrets, world.sandbox.env.COGNITO_PASSWORD, key, SIGNATURE];
    expect([...secretsIn(bytes, [...secrets, 'study-of-jane', 'Signature=', 'Aplos NCA'])]).toEqual([]);
    expect([...secretsIn(bytes, [receipt.workflowId])]).toEqual([receipt.workflowId]);
    expect(collector.spans.filter(({ events }) => events > 0)).toEqual([]);
  });

  it('add only the trace IDs to the history', async () => {
    const { traceId, spanId } = only('StartWorkflow:uploadAnalysisFile');
    const header = ['_tracer-data', JSON.stringify({ traceparent: `00-${traceId}-${spanId}-01` })];
    expect(await headersOf(receipt)).toEqual(Array(4).fill(header));
  });

  it('are named in the log lines of activities', () => {
    expect(world.log()).toContain(`"trace_id":"${only('RunWorkflow:uploadAnalysisFile').traceId}"`);
  });

  it('begin with the run if its start was not traced, and add nothing to its history', async () => {
    const upload = await start('untraced.csv');
    await upload.result();
    const run = only('RunWorkflow:uploadAnalysisFile', await traceOf(upload));
    expect(run).toMatchObject({ parentSpanId: '', traceId: upload.runId.replaceAll('-', '') });
    expect(childrenOf(run, collector.spans)).toHaveLength(STEPS.length);
    expect(await headersOf(upload)).toEqual([]);
  });

  it('are reported in one log line if they cannot be sent, and do not affect the upload', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    await collector.stop();
    const path = await world.write('alone.csv', table(2_000));
    const { stdout, stderr } = await runCommand(['upload', path, '--config', config, '--wait'], {
      ...env,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://user:of-the-collector@127.0.0.1:${port}`,
    });
    silent.close();
    expect(stdout).toContain('✓ alone.csv');
    expect(stderr.match(/.*send traces.*/g)).toEqual([
      `Cannot send traces to http://127.0.0.1:${port}/v1/traces (Request timed out). Uploads are not affected.`,
    ]);
    await collector.start();
  });

  describe('of a service that uses OpenTelemetry', () => {
    const provider = new BasicTracerProvider();
    beforeAll(() => {
      context.setGlobalContextManager(new AsyncLocalStorageContextManager());
      trace.setGlobalTracerProvider(provider);
    });
    afterAll(async () => {
      trace.disable();
      context.disable();
      await provider.shutdown();
    });

    const startTraced = (name: string) =>
      trace.getTracer('a service').startActiveSpan('import a study', async (span) => {
        const upload = await start(name);
        span.end();
        return { upload, span: span.spanContext() };
      });

    it('continue its trace', async () => {
      const { upload, span } = await startTraced('of-a-service.csv');
      await upload.result();
      const run = only('RunWorkflow:uploadAnalysisFile', await traceOf(upload));
      expect(run.traceId).toBe(span.traceId);
      expect([span.spanId, '']).not.toContain(run.parentSpanId);
    });

    it('contain a failed run and its replay as siblings', async () => {
      world.sandbox.faults.add({ route: 'start', status: 400 });
      const { upload } = await startTraced('replayed.csv');
      const failure = await upload.result().catch((error: UploadFailedError) => error);
      for await (const { state } of client.replay([upload.workflowId], { all: true }))
        expect(state).toBe('resumed');
      await client.result(upload.workflowId);
      const runs = (await traceOf(upload)).filter(({ name }) => name.startsWith('RunWorkflow:'));
      expect(runs.map(({ failedWith }) => failedWith)).toEqual([
        (failure as UploadFailedError).code,
        undefined,
      ]);
      expect(new Set(runs.map(({ spanId }) => spanId)).size).toBe(2);
      expect(new Set(runs.map(({ parentSpanId }) => parentSpanId)).size).toBe(1);
    });

    it('do not affect a worker without tracing that continues the run', async () => {
      world.sandbox.faults.add({ route: 'presign', status: 503, times: 2 });
      const refused = () => world.sandbox.calls.filter(({ status }) => status === 503).length;
      const before = refused();
      const { upload, span } = await startTraced('handed-on.csv');
      await expect.poll(refused).toBeGreaterThan(before);
      await worker.stop();
      await world.startWorkerProcess();
      await upload.result();
      const attempts = collector.spans.filter(({ traceId }) => traceId === span.traceId);
      expect(attempts.map(({ failedWith }) => failedWith)).toContain('API_UNAVAILABLE');
      expect(world.log()).not.toMatch(/sink|"level":"error"/);
    });
  });
});
