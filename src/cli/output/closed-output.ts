import { systemErrorCode } from '../../util/system-error.js';
import { ExitCode, printError } from './errors.js';

/** Work to complete although nobody reads the output any more. */
const unfinished = new Set<Promise<unknown>>();
/** How this process runs on without output: not at all, while the disk of its output is full, or always. */
let tolerance: 'none' | 'full' | 'closed' = 'none';
let isEnding = false;

/**
 * Ends this process quietly if whoever reads its output stops, as in `… | head -1`, and with an error if stdout cannot be written,
 * for example to a full disk. Work that {@link finishBeforeExit} named is completed first. The exit code is not affected if only
 * stderr cannot be written.
 */
export function exitWhenOutputCloses(): void {
  for (const [stream, onError] of [
    [process.stdout, onStdoutError],
    [process.stderr, onStderrError],
  ] as const)
    if (!stream.listeners('error').includes(onError)) stream.on('error', onError);
}

function onStdoutError(error: Error): void {
  const code = systemErrorCode(error);
  if (code === 'EPIPE') onClosed();
  if (code === 'EPIPE' || tolerance !== 'none' || isEnding) return;
  printError(
    `The output cannot be written (${code}). Running uploads continue in the background. Free space, then run the command again.`,
  );
  process.exitCode = ExitCode.failed;
  void exit();
}

function onStderrError(error: Error): void {
  if (systemErrorCode(error) === 'EPIPE') onClosed();
}

function onClosed(): void {
  if (tolerance !== 'closed') void exit();
}

/**
 * Lets this process run on without output.
 *
 * @param when `full`: while the output cannot be written; `closed`: also after whoever reads it has ended
 */
export function keepRunningWithoutOutput(when: 'full' | 'closed'): void {
  tolerance = when;
}

/** Completes work before this process ends because its output was closed. Returns the result of the work. */
export async function finishBeforeExit<Result>(work: Promise<Result>): Promise<Result> {
  unfinished.add(work);
  try {
    return await work;
  } finally {
    unfinished.delete(work);
  }
}

async function exit(): Promise<never> {
  isEnding = true;
  await Promise.allSettled(unfinished);
  process.exit(process.exitCode ?? ExitCode.outputClosed);
}
