import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger, type LogEntry, type LogLevel } from '@temporalio/worker';
import { type DestinationStream, pino, stdSerializers } from 'pino';
import { isUnreadable } from '../temporal/unreadable.js';
import { printable } from '../util/printable.js';
import { RecentSet } from '../util/recent-set.js';

/** Missing keys that are remembered. Anybody who may start workflows can name any number of them. */
const MAX_REPORTED = 100;

/** The logger of a worker process. */
export type WorkerLogger = DefaultLogger;

/** Destination of a logger. */
export interface LogOutput {
  readonly stream: DestinationStream;
  /** True if people read it, so that it is text instead of JSON. */
  readonly isTerminal: boolean;
}

/** Bytes of the log that are kept while it cannot be written. Newer lines are dropped. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

const stderrOutput = (): LogOutput => ({
  stream: logStream(2),
  isTerminal: process.stderr.isTTY === true,
});

/** Returns a stream of log lines. A worker runs on while its log cannot be written, for example to a full disk. */
export function logStream(fd: number): DestinationStream {
  const stream = pino.destination({ fd, sync: true, maxLength: MAX_BUFFERED_BYTES });
  stream.on('error', () => {});
  return stream;
}

/** pino's name for each log level of Temporal's SDK. */
const levels = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
} as const satisfies Record<LogLevel, string>;

/**
 * Creates a logger that writes to stderr by default: JSON lines, or readable text if it is a terminal. Failures with a code are
 * logged without their stack. The first payload that needs a certain missing key is logged as an error, later ones as
 * `debug`.
 */
export async function createLogger(
  level: LogLevel = 'INFO',
  output: LogOutput = stderrOutput(),
): Promise<WorkerLogger> {
  const destination = output.isTerminal ? await textOn(output.stream) : jsonLinesOn(output.stream);
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
  const reported = new RecentSet<string>(MAX_REPORTED);
  return new DefaultLogger(level, ({ level: entryLevel, message, meta }: LogEntry) => {
    // The SDK dumps a task that it cannot decode. Encrypted, the dump is useless; unencrypted, it has the presigned POST.
    const { error, taskToken: _token, task: _task, taskEncoded: _bytes, ...fields } = meta ?? {};
    if (isUnreadable(error)) {
      const reason = error.message.replace(/^.*(?=A payload )/, '');
      sink[reported.add(reason) ? 'error' : 'debug']({ ...fields, code: error.type }, reason);
      return;
    }
    sink[levels[entryLevel]]({ ...fields, ...(error === undefined ? {} : { err: error }) }, message);
  });
}

/** Writes JSON lines. Invisible characters are escaped, so that programs read the same values. */
const jsonLinesOn = (stream: DestinationStream): DestinationStream => ({
  write: (line) => stream.write(`${printable(line.trimEnd())}\n`),
});

/** Writes text in which every character is visible. */
async function textOn(stream: DestinationStream): Promise<DestinationStream> {
  const { prettyFactory } = await import('pino-pretty');
  const format = prettyFactory({
    ignore: 'pid,hostname,namespace,taskQueue,sdkComponent,activityId',
    translateTime: 'SYS:HH:MM:ss',
  });
  return { write: (line) => stream.write(format(JSON.parse(line, printableValue))) };
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
