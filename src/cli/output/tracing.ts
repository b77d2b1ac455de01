import type { TracingOptions } from '../../telemetry/tracing/types.js';

/** How a command that starts uploads sends its traces: it does not let its user wait for long. */
export const commandTracing: TracingOptions = {
  serviceName: 'aplos-upload',
  flushMs: 2_000,
  warn: (line) => void process.stderr.write(`${line}\n`),
};
