import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Attributes, context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base';
import { TRACER } from '../../contract/trace-names.js';
import { shortenText } from '../../util/shorten-text.js';
import { VERSION } from '../../util/version.js';
import { redactSpan } from './redaction.js';
import { SpanIds } from './run-spans.js';
import type { TraceSender, TracingOptions } from './types.js';

/**
 * Registers a tracer that sends traces to the endpoint in the environment, and creates a child span for each HTTP request
 * within a span. No trace context is sent to other servers, because no propagator is registered.
 *
 * @param endpoint the endpoint, for warnings
 */
export function startSdk(
  endpoint: string,
  { serviceName, readablePaths = [], flushMs, warn }: TracingOptions,
): TraceSender {
  const ids = new SpanIds();
  const provider = new BasicTracerProvider({
    idGenerator: ids,
    resource: defaultResource()
      .merge(
        resourceFromAttributes({
          'service.name': serviceName,
          'service.version': VERSION,
          'service.instance.id': `${process.pid}@${hostname()}`,
        }),
      )
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new RedactingExporter(endpoint, flushMs, warn))],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  trace.setGlobalTracerProvider(provider);
  const http = requestInstrumentation(readablePaths);
  http.setTracerProvider(provider);
  const tracer = provider.getTracer(TRACER);
  return {
    tracer,
    runSpan: (run) => ids.spanOf(run, tracer),
    stop: async () => {
      http.disable();
      await withTimeout(
        flushMs,
        provider.shutdown().catch(() => {}),
      );
    },
  };
}

/** Redacts spans, and warns once when sending fails, until it succeeds again. */
class RedactingExporter implements SpanExporter {
  readonly #exporter: OTLPTraceExporter;
  readonly #endpoint: string;
  readonly #warn: (line: string) => void;
  #failing = false;

  constructor(endpoint: string, timeoutMillis: number, warn: (line: string) => void) {
    this.#exporter = new OTLPTraceExporter({ timeoutMillis });
    this.#endpoint = endpoint;
    this.#warn = warn;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#exporter.export(spans.map(redactSpan), (result) => {
      const failing = result.code === ExportResultCode.FAILED;
      if (failing && !this.#failing)
        this.#warn(
          `Cannot send traces to ${this.#endpoint} (${shortenText(String(result.error?.message))}). Uploads are not affected.`,
        );
      this.#failing = failing;
      done(result);
    });
  }

  forceFlush = (): Promise<void> => this.#exporter.forceFlush();
  shutdown = (): Promise<void> => this.#exporter.shutdown();
}

/** Creates a span for each HTTP request. Its path is left out unless readable: it may contain a file name or a secret. */
function requestInstrumentation(readablePaths: readonly string[]): UndiciInstrumentation {
  const isReadable = (url: string) => readablePaths.some((base) => url.startsWith(`${base}/`));
  return new UndiciInstrumentation({
    requireParentforSpans: true,
    startSpanHook: ({ origin, path }): Attributes =>
      isReadable(`${origin}${path}`) ? {} : { 'url.path': undefined },
    requestHook: (span, { method, origin }) => {
      span.updateName(`${method} ${new URL(origin).host}`);
    },
  });
}

async function withTimeout(milliseconds: number, work: Promise<void>): Promise<void> {
  const timeout = new AbortController();
  await Promise.race([work, sleep(milliseconds, undefined, { signal: timeout.signal })]);
  timeout.abort();
}
