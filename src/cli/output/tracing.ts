import type { TracingOptions } from '../../telemetry/tracing/types.js';
import { printToStderr } from './terminal.js';

/** Tracing options of commands that start uploads. The flush timeout is short, because a user waits for the command to end. */
export const commandTracing: TracingOptions = {
  serviceName: 'aplos-upload',
  flushMs: 2_000,
  warn: printToStderr,
};
