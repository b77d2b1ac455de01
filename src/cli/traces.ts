import type { TracesOptions } from '../traces/traces.js';

/** How a command that starts uploads sends its traces: it does not let its user wait for long. */
export const commandTraces: TracesOptions = {
  serviceName: 'aplos-upload',
  flushMs: 2_000,
  warn: (line) => void process.stderr.write(`${line}\n`),
};
