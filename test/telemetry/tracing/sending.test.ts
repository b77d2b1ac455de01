import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { ApplicationFailure, CancelledFailure, defaultPayloadConverter } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startTracing } from '../../../src/telemetry/tracing/start.js';
import type { TraceSender } from '../../../src/telemetry/tracing/types.js';
import { workerTracing } from '../../../src/telemetry/tracing/worker-tracing.js';
import { type Collector, startCollector } from '../../support/collector.js';

const RUN = {
  workflowType: 'uploadAnalysisFile',
  workflowId: 'default:pk.csv:5d8d',
  runId: '01a205c6-82c6-76c3-9604-9cc2d1aa3f10',
};
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const headerWith = (traceparent: unknown) => defaultPayloadConverter.toPayload({ traceparent });

describe('startTracing', () => {
  let collector: Collector;
  let warnings: string[];
  let traces: TraceSender | undefined;

  beforeEach(async () => {
    collector = await startCollector();
    warnings = [];
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
    vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '20');
  });
  afterEach(async () => {
    await traces?.stop();
    trace.disable();
    context.disable();
    vi.unstubAllEnvs();
    await collector.stop();
  });

  async function start(flushMs = 200): Promise<TraceSender> {
    traces = await startTracing({ serviceName: 'tests', flushMs, warn: (line) => warnings.push(line) });
    if (!traces) throw new Error('No traces are sent');
    return traces;
  }
  const received = async (count: number) => {
    await expect.poll(() => collector.spans.length).toBeGreaterThanOrEqual(count);
    return collector.spans;
  };

  it('starts nothing if no endpoint is set', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', '');
    await expect(start()).rejects.toThrow('No traces are sent');
    expect(trace.getTracer('any').startSpan('nothing').isRecording()).toBe(false);
  });

  it('starts nothing and warns if the settings cannot be used', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc');
    await expect(start()).rejects.toThrow('No traces are sent');
    expect(warnings).toEqual([
      expect.stringMatching(/^No traces are sent: the protocol grpc is not supported/),
    ]);
  });

  it('creates the span of a run with the same ids each time, and sends the one that is ended', async () => {
    const { runSpan } = await start();
    const [first, second] = [runSpan(RUN), runSpan(RUN)];
    expect(first.spanContext()).toEqual(second.spanContext());
    second.end();
    expect(await received(1)).toMatchObject([
      { traceId: '01a205c682c676c396049cc2d1aa3f10', spanId: '96049cc2d1aa3f10', parentSpanId: '' },
    ]);
  });

  it('adds the span of a run to the trace that the run was started in', async () => {
    const { runSpan } = await start();
    const span = runSpan({ ...RUN, header: headerWith(`00-${TRACE}-b7ad6b7169203331-01`) });
    span.end();
    expect(await received(1)).toMatchObject([{ traceId: TRACE, parentSpanId: 'b7ad6b7169203331' }]);
  });

  it('does not send a run whose trace was not sampled by the client', async () => {
    const { runSpan } = await start();
    expect(runSpan({ ...RUN, header: headerWith(`00-${TRACE}-b7ad6b7169203331-00`) }).isRecording()).toBe(
      false,
    );
  });

  it('samples runs that start a trace by the settings in the environment', async () => {
    vi.stubEnv('OTEL_TRACES_SAMPLER', 'parentbased_traceidratio');
    vi.stubEnv('OTEL_TRACES_SAMPLER_ARG', '0');
    const { runSpan } = await start();
    expect(runSpan(RUN).isRecording()).toBe(false);
    expect(runSpan({ ...RUN, header: headerWith(`00-${TRACE}-b7ad6b7169203331-01`) }).isRecording()).toBe(
      true,
    );
  });

  it.each([
    ['is not a trace context', headerWith('hello')],
    ['has another shape', headerWith({ another: 'shape' })],
    ['is encrypted', { metadata: { encoding: Buffer.from('binary/encrypted') }, data: Buffer.from('x') }],
    ['is empty', {}],
  ])('starts a new trace if the header of a run %s', async (_what, header) => {
    const { runSpan } = await start();
    expect(runSpan({ ...RUN, header }).spanContext().traceId).toBe(RUN.runId.replaceAll('-', ''));
  });

  it('sends no messages, no events and only known attributes', async () => {
    await start();
    const span = trace.getTracer('tests').startSpan('a call', {
      attributes: {
        'url.full': 'https://s3/x?X-Amz-Signature=abc',
        'http.request.method': 'POST',
        'error.type': 'ECONNRESET',
      },
    });
    span.recordException(new Error('pk of jane.csv'));
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'pk of jane.csv' });
    span.end();
    const [sent] = await received(1);
    expect(sent).toMatchObject({ failedWith: 'ECONNRESET', events: 0 });
    expect(sent?.attributes).toEqual({ 'http.request.method': 'POST', 'error.type': 'ECONNRESET' });
    for (const word of ['Signature', 'jane']) expect(collector.bytes().includes(word)).toBe(false);
  });

  it.each([
    ['records its code', ApplicationFailure.nonRetryable('pk of jane.csv', 'FILE_INVALID'), 'FILE_INVALID'],
    ['records INTERNAL if it has no code', new TypeError('pk of jane.csv'), 'INTERNAL'],
    ['records no error if it was cancelled', new CancelledFailure('stop'), undefined],
  ])('sends the span of a failed activity and %s', async (_what, failure, failedWith) => {
    const { interceptors } = workerTracing(await start());
    const { workflowId, runId } = RUN;
    const environment = new MockActivityEnvironment(
      { attempt: 3, workflowExecution: { workflowId, runId } },
      { interceptors: interceptors?.activity ?? [], logger: new DefaultLogger('ERROR') },
    );
    const activity = environment.run(async () => {
      throw failure;
    });
    await expect(activity).rejects.toThrow(failure);
    const [span] = await received(1);
    expect(span).toMatchObject({ failedWith, attributes: { 'aplos.upload.attempt': 3 } });
    expect(span?.attributes['error.type']).toBe(failedWith ?? 'cancelled');
    expect(collector.bytes().includes('jane')).toBe(false);
  });

  it('uses OTEL_SERVICE_NAME as the service name if it is set', async () => {
    vi.stubEnv('OTEL_SERVICE_NAME', 'uploads');
    const { runSpan } = await start();
    runSpan(RUN).end();
    expect(await received(1)).toMatchObject([{ service: 'uploads' }]);
  });

  it('warns once while the collector is unavailable, and again the next time', async () => {
    const { runSpan } = await start();
    const warned = (times: number) => expect.poll(() => warnings).toHaveLength(times);
    await collector.stop();
    runSpan(RUN).end();
    await warned(1);
    runSpan(RUN).end();
    await collector.start();
    const again = setInterval(() => runSpan(RUN).end(), 20);
    await received(1);
    await collector.stop();
    await warned(2);
    clearInterval(again);
    const warning = expect.stringMatching(/^Cannot send traces to http:\/\/127.0.0.1:\d+\/v1\/traces \(.+\)/);
    expect(warnings).toEqual([warning, warning]);
  });

  it('sends the remaining spans when stopped', async () => {
    vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '60000');
    const { runSpan, stop } = await start(60_000);
    runSpan(RUN).end();
    await stop();
    expect(collector.spans).toHaveLength(1);
  });
});
