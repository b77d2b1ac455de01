import { ExitCode } from './errors.js';

/** Work to complete although nobody reads the output any more. */
const unfinished = new Set<Promise<unknown>>();
let keepsRunning = false;

/**
 * Ends this process quietly if whoever reads its output stops, as in `… | head -1`. Work that {@link finishBeforeExit} named is
 * completed first.
 */
export function exitWhenOutputCloses(): void {
  for (const stream of [process.stdout, process.stderr])
    if (!stream.listeners('error').includes(onOutputError)) stream.on('error', onOutputError);
}

function onOutputError(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  if (!keepsRunning) void exit();
}

/** Lets this process run on without output. */
export function keepRunningWithoutOutput(): void {
  keepsRunning = true;
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
  await Promise.allSettled(unfinished);
  process.exit(process.exitCode ?? ExitCode.outputClosed);
}
