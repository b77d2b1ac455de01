import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { ApplicationFailure, CancelledFailure, defaultPayloadConverter } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startTracing } from '../../../src/telemetry/tracing/start.js';
import type { TraceSender } from '../../../src/telemetry/tracing/types.js';
import { workerTracing } from '../../../src/telemetry/tracing/worker-tracing.js';
import { type Collector, startCollector } from '../../support/collector.js';

const RUN = { workflowId: 'default:pk.csv:5d8d', runId: '01a205c6-82c6-76c3-9604-9cc2d1aa3f10' };
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const headerWith = (traceparent: unknown) => defaultPayloadConverter.toPayload({ traceparent });

describe('what sends traces', () => {
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

  async function started(): Promise<TraceSender> {
    traces = await startTracing({ serviceName: 'tests', flushMs: 200, warn: (line) => warnings.push(line) });
    if (!traces) throw new Error('No traces are sent');
    return traces;
  }
  const arrived = async (count: number) => {
    await vi.waitUntil(() => collector.spans.length >= count);
    return collector.spans;
  };

  it('is nothing where no endpoint is set', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', '');
    await expect(started()).rejects.toThrow('No traces are sent');
    expect(trace.getTracer('any').startSpan('nothing').isRecording()).toBe(false);
  });

  it('is nothing, and says why, where the endpoint cannot be used', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc');
    await expect(started()).rejects.toThrow('No traces are sent');
    expect(warnings).toEqual([expect.stringMatching(/^No traces are sent: the protocol grpc is not spoken/)]);
  });

  it('gives the span of a run the same ids each time, and sends the one that is ended', async () => {
    const { runSpan } = await started();
    const [first, second] = [runSpan(RUN), runSpan(RUN)];
    expect(first.spanContext()).toEqual(second.spanContext());
    second.end();
    expect(await arrived(1)).toMatchObject([
      { traceId: '01a205c682c676c396049cc2d1aa3f10', spanId: '96049cc2d1aa3f10', parentSpanId: '' },
    ]);
  });

  it('puts the span of a run into the trace that the run was started in', async () => {
    const { runSpan } = await started();
    const span = runSpan({ ...RUN, header: headerWith(`00-${TRACE}-b7ad6b7169203331-01`) });
    span.end();
    expect(await arrived(1)).toMatchObject([{ traceId: TRACE, parentSpanId: 'b7ad6b7169203331' }]);
  });

  it('does not send what was not sampled where it was started', async () => {
    const { runSpan } = await started();
    expect(runSpan({ ...RUN, header: headerWith(`00-${TRACE}-b7ad6b7169203331-00`) }).isRecording()).toBe(
      false,
    );
  });

  it('samples runs that begin a trace as the environment says', async () => {
    vi.stubEnv('OTEL_TRACES_SAMPLER', 'parentbased_traceidratio');
    vi.stubEnv('OTEL_TRACES_SAMPLER_ARG', '0');
    const { runSpan } = await started();
    expect(runSpan(RUN).isRecording()).toBe(false);
    expect(runSpan({ ...RUN, header: headerWith(`00-${TRACE}-b7ad6b7169203331-01`) }).isRecording()).toBe(
      true,
    );
  });

  it.each([
    ['is not one', headerWith('hello')],
    ['has another shape', headerWith({ of: 'somebody else' })],
    ['is encrypted', { metadata: { encoding: Buffer.from('binary/encrypted') }, data: Buffer.from('x') }],
    ['is empty', {}],
  ])('begins a trace where the header of a run %s', async (_what, header) => {
    const { runSpan } = await started();
    expect(runSpan({ ...RUN, header }).spanContext().traceId).toBe(RUN.runId.replaceAll('-', ''));
  });

  it('sends neither messages nor events, and of attributes those that are known', async () => {
    await started();
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
    const [sent] = await arrived(1);
    expect(sent).toMatchObject({ failedWith: 'ECONNRESET', events: 0 });
    expect(sent?.attributes).toEqual({ 'http.request.method': 'POST', 'error.type': 'ECONNRESET' });
    for (const word of ['Signature', 'jane']) expect(collector.bytes().includes(word)).toBe(false);
  });

  it.each([
    ['with its code', ApplicationFailure.nonRetryable('pk of jane.csv', 'FILE_INVALID'), 'FILE_INVALID'],
    ['that was not foreseen as such', new TypeError('pk of jane.csv'), 'INTERNAL'],
    ['that was cancelled as none', new CancelledFailure('stop'), undefined],
  ])('tells of an activity that failed %s', async (_what, failure, failedWith) => {
    const { interceptors } = workerTracing(await started());
    const { workflowId, runId } = RUN;
    const environment = new MockActivityEnvironment(
      { attempt: 3, workflowExecution: { workflowId, runId } },
      { interceptors: interceptors?.activity ?? [], logger: new DefaultLogger('ERROR') },
    );
    const activity = environment.run(async () => {
      throw failure;
    });
    await expect(activity).rejects.toThrow(failure);
    const [span] = await arrived(1);
    expect(span).toMatchObject({ failedWith, attributes: { 'aplos.upload.attempt': 3 } });
    expect(span?.attributes['error.type']).toBe(failedWith ?? 'cancelled');
    expect(collector.bytes().includes('jane')).toBe(false);
  });

  it('takes its name from OTEL_SERVICE_NAME, if there is one', async () => {
    vi.stubEnv('OTEL_SERVICE_NAME', 'uploads');
    const { runSpan } = await started();
    runSpan(RUN).end();
    expect(await arrived(1)).toMatchObject([{ service: 'uploads' }]);
  });

  it('warns once while nobody takes them, and again when that happens anew', async () => {
    const { runSpan } = await started();
    const warned = (times: number) => vi.waitUntil(() => warnings.length === times);
    await collector.stop();
    runSpan(RUN).end();
    await warned(1);
    runSpan(RUN).end();
    await collector.start();
    const again = setInterval(() => runSpan(RUN).end(), 20);
    await arrived(1);
    await collector.stop();
    await warned(2);
    clearInterval(again);
    const warning = expect.stringMatching(
      /^Traces do not arrive at http:\/\/127.0.0.1:\d+\/v1\/traces \(.+\)/,
    );
    expect(warnings).toEqual([warning, warning]);
  });

  it('sends what is left when it is stopped', async () => {
    vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '60000');
    const { runSpan, stop } = await started();
    runSpan(RUN).end();
    await stop();
    expect(collector.spans).toHaveLength(1);
  });
});
