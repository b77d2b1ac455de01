import { otlpSettings } from './otlp-settings.js';
import type { TraceSender, TracingOptions } from './types.js';

/**
 * Starts to send traces, where the environment asks for it. What sends them is loaded only then. Traces are never in the
 * way: what is wrong with their settings, or with who takes them, is a warning.
 */
export async function startTracing(options: TracingOptions): Promise<TraceSender | undefined> {
  const { to, why } = otlpSettings();
  if (to === undefined) {
    if (why) options.warn(`No traces are sent: ${why}.`);
    return undefined;
  }
  const { startSdk } = await import('./sdk.js');
  return startSdk(to, options);
}

/** Does some work, and sends its traces where the environment asks for it. */
export async function withTracing(options: TracingOptions, work: () => Promise<void>): Promise<void> {
  const traces = await startTracing(options);
  try {
    await work();
  } finally {
    await traces?.stop();
  }
}
