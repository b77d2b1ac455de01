import type { Traces, TracesOptions } from './traces.js';
import { tracesSetting } from './wanted.js';

/**
 * Starts to send traces, where the environment asks for it. What sends them is loaded only then. Traces are never in the
 * way: what is wrong with their settings, or with who takes them, is a warning.
 */
export async function startTraces(options: TracesOptions): Promise<Traces | undefined> {
  const { to, why } = tracesSetting();
  if (to === undefined) {
    if (why) options.warn(`No traces are sent: ${why}.`);
    return undefined;
  }
  const { startSdk } = await import('./sdk.js');
  return startSdk(to, options);
}

/** Does some work, and sends its traces where the environment asks for it. */
export async function whileTracing(options: TracesOptions, work: () => Promise<void>): Promise<void> {
  const traces = await startTraces(options);
  try {
    await work();
  } finally {
    await traces?.stop();
  }
}
