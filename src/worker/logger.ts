import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger, type LogEntry, type LogLevel } from '@temporalio/worker';
import { pino, stdSerializers } from 'pino';
import pinoPretty from 'pino-pretty';
import { isUnreadable } from '../temporal/unreadable.js';

/** Temporal's severities as pino names them. */
const levels = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
} as const satisfies Record<LogLevel, string>;

/**
 * Logs to stderr: JSON lines, or something to read where that is a terminal. Failures with a code are logged without
 * their stack; that a key is missing is logged once for each key, and then only as `debug`.
 */
export function createLogger(level: LogLevel = 'INFO'): DefaultLogger {
  const destination = process.stderr.isTTY
    ? pinoPretty({
        destination: 2,
        ignore: 'pid,hostname,namespace,taskQueue,sdkComponent,activityId',
        translateTime: 'SYS:HH:MM:ss',
      })
    : pino.destination({ fd: 2, sync: true });
  const sink = pino(
    {
      level: levels[level],
      base: null,
      serializers: { err: describeError },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  const unreadableSoFar = new Set<string>();
  return new DefaultLogger(level, ({ level: severity, message, meta }: LogEntry) => {
    // The task is dumped where it cannot be read: encrypted, it is of no use, and in plain it holds the form.
    const { error, taskToken: _ofNoUse, task: _dump, taskEncoded: _bytes, ...fields } = meta ?? {};
    if (isUnreadable(error)) {
      const what = error.message.replace(/^.*(?=A payload )/, '');
      sink[unreadableSoFar.has(what) ? 'debug' : 'error']({ ...fields, code: error.type }, what);
      unreadableSoFar.add(what);
      return;
    }
    sink[levels[severity]]({ ...fields, ...(error === undefined ? {} : { err: error }) }, message);
  });
}

/** A failure with a code says all in its message; its stack is of no use to who reads the log. */
function describeError(error: Error) {
  const coded = [error, error.cause].find((each) => each instanceof ApplicationFailure);
  if (coded?.type) return { code: coded.type, message: coded.message };
  const [first = ''] = (error.stack ?? '').split('\n');
  return first.startsWith('ApplicationFailure: ') ? { message: first } : stdSerializers.err(error);
}
