import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger, type LogEntry, type LogLevel } from '@temporalio/worker';
import { type DestinationStream, pino, stdSerializers } from 'pino';
import pinoPretty from 'pino-pretty';
import { isUnreadable } from '../temporal/unreadable.js';
import { printable } from '../util/printable.js';

/** The logger of a worker process. */
export type WorkerLogger = DefaultLogger;

/** pino's name for each log level of Temporal's SDK. */
const levels = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
} as const satisfies Record<LogLevel, string>;

/**
 * Creates a logger that writes to stderr: JSON lines, or readable text if stderr is a terminal. Failures with a code are
 * logged without their stack. The first payload that needs a certain missing key is logged as an error, later ones as
 * `debug`.
 */
export function createLogger(level: LogLevel = 'INFO'): WorkerLogger {
  const destination = process.stderr.isTTY ? terminal() : jsonLines();
  const sink = pino(
    {
      level: levels[level],
      base: null,
      serializers: { err: serializeError },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  const reported = new Set<string>();
  return new DefaultLogger(level, ({ level: entryLevel, message, meta }: LogEntry) => {
    // The SDK dumps a task that it cannot decode. Encrypted, the dump is useless; unencrypted, it has the presigned POST.
    const { error, taskToken: _token, task: _task, taskEncoded: _bytes, ...fields } = meta ?? {};
    if (isUnreadable(error)) {
      const reason = error.message.replace(/^.*(?=A payload )/, '');
      sink[reported.has(reason) ? 'debug' : 'error']({ ...fields, code: error.type }, reason);
      reported.add(reason);
      return;
    }
    sink[levels[entryLevel]]({ ...fields, ...(error === undefined ? {} : { err: error }) }, message);
  });
}

/** Writes JSON on stderr. Invisible characters are escaped, so that programs read the same values. */
function jsonLines(): DestinationStream {
  const stderr = pino.destination({ fd: 2, sync: true });
  return { write: (line) => stderr.write(`${printable(line.trimEnd())}\n`) };
}

/** Writes text on stderr, in which every character is visible. */
function terminal(): DestinationStream {
  const pretty = pinoPretty({
    destination: 2,
    ignore: 'pid,hostname,namespace,taskQueue,sdkComponent,activityId',
    translateTime: 'SYS:HH:MM:ss',
  });
  return { write: (line) => void pretty.write(`${JSON.stringify(JSON.parse(line, printableValue))}\n`) };
}

/** Makes the texts and keys of a value printable. A stack trace keeps its lines. */
function printableValue(key: string, value: unknown): unknown {
  if (typeof value === 'string')
    return key === 'stack' ? value.split('\n').map(printable).join('\n') : printable(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [printable(name), each]));
}

/** Returns the code and message of a failure that has a code. Its message is complete, so the stack is left out. */
function serializeError(error: Error) {
  const coded = [error, error.cause].find((each) => each instanceof ApplicationFailure);
  if (coded?.type) return { code: coded.type, message: coded.message };
  const [firstLine = ''] = (error.stack ?? '').split('\n');
  return firstLine.startsWith('ApplicationFailure: ') ? { message: firstLine } : stdSerializers.err(error);
}
