import { otlpSettings } from './otlp-settings.js';
import type { TraceSender, TracingOptions } from './types.js';

/**
 * Starts sending traces if the environment enables them, and loads the OpenTelemetry SDK only then. Invalid settings or an
 * unavailable collector cause a warning, never an error.
 *
 * @returns `undefined` if traces are disabled
 */
export async function startTracing(options: TracingOptions): Promise<TraceSender | undefined> {
  const { endpoint, disabledReason } = otlpSettings();
  if (endpoint === undefined) {
    if (disabledReason) options.warn(`No traces are sent: ${disabledReason}.`);
    return undefined;
  }
  const { startSdk } = await import('./sdk.js');
  return startSdk(endpoint, options);
}

/** Runs some work, and sends its traces if the environment enables them. */
export async function withTracing(options: TracingOptions, work: () => Promise<void>): Promise<void> {
  const traces = await startTracing(options);
  try {
    await work();
  } finally {
    await traces?.stop();
  }
}
