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
import { Ids } from './run-spans.js';
import type { TraceSender, TracingOptions } from './types.js';

/**
 * Registers a tracer that sends to where the environment says, and one span for each HTTP request within another.
 * No trace is handed on to other servers: no propagator is registered.
 *
 * @param to where traces go, to name it in a warning
 */
export function startSdk(
  to: string,
  { serviceName, readablePaths = [], flushMs, warn }: TracingOptions,
): TraceSender {
  const ids = new Ids();
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
    spanProcessors: [new BatchSpanProcessor(new CarefulExporter(to, flushMs, warn))],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  trace.setGlobalTracerProvider(provider);
  const http = tracedRequests(readablePaths);
  http.setTracerProvider(provider);
  const tracer = provider.getTracer(TRACER);
  return {
    tracer,
    runSpan: (run) => ids.spanOf(run, tracer),
    stop: async () => {
      http.disable();
      await atMost(
        flushMs,
        provider.shutdown().catch(() => {}),
      );
    },
  };
}

/** Takes out of spans what is not to be told, and warns when they do not arrive: once, until they do. */
class CarefulExporter implements SpanExporter {
  readonly #exporter: OTLPTraceExporter;
  readonly #to: string;
  readonly #warn: (line: string) => void;
  #failing = false;

  constructor(to: string, timeoutMillis: number, warn: (line: string) => void) {
    this.#exporter = new OTLPTraceExporter({ timeoutMillis });
    this.#to = to;
    this.#warn = warn;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#exporter.export(spans.map(redactSpan), (result) => {
      const failing = result.code === ExportResultCode.FAILED;
      if (failing && !this.#failing)
        this.#warn(
          `Traces do not arrive at ${this.#to} (${shortenText(String(result.error?.message))}). All else goes on without them.`,
        );
      this.#failing = failing;
      done(result);
    });
  }

  forceFlush = (): Promise<void> => this.#exporter.forceFlush();
  shutdown = (): Promise<void> => this.#exporter.shutdown();
}

/** A path may hold the name of a file, and that of a source more. */
function tracedRequests(readablePaths: readonly string[]): UndiciInstrumentation {
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

async function atMost(milliseconds: number, work: Promise<void>): Promise<void> {
  const timeout = new AbortController();
  await Promise.race([work, sleep(milliseconds, undefined, { signal: timeout.signal })]);
  timeout.abort();
}
