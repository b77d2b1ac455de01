import type { Seaweed } from '../../sandbox/servers/seaweed.js';
import { pause } from './pause.js';

/** When S3 is stopped, and for how long, in seconds. */
export interface OutagePlan {
  readonly afterSeconds: number;
  readonly forSeconds: number;
}

/**
 * Stops S3 once, and restarts it. It shuts down in an orderly way, so that it loses nothing that it has acknowledged.
 *
 * @returns how long it was away, in seconds; 0 if the signal was aborted before it was stopped
 */
export async function stopS3(
  s3: Seaweed,
  { afterSeconds, forSeconds }: OutagePlan,
  signal: AbortSignal,
): Promise<number> {
  if (!(await pause(afterSeconds * 1000, signal))) return 0;
  const stoppedAt = performance.now();
  await s3.kill('SIGTERM');
  await pause(forSeconds * 1000, signal);
  await s3.restart();
  return (performance.now() - stoppedAt) / 1000;
}
