import { setTimeout as sleep } from 'node:timers/promises';
import type { UploadClient } from '../../client.js';
import type { ExitCode } from '../output/errors.js';

/** Longest wait for calls in progress, in milliseconds: whoever pressed Ctrl-C is waiting. */
const LIMIT_MS = 2_000;

/** Closes the connection once its calls have ended, then ends this process. */
export async function exitAfterClosing(client: Pick<UploadClient, 'close'>, code: ExitCode): Promise<never> {
  await Promise.race([client.close(), sleep(LIMIT_MS)]).catch(() => {});
  process.exit(code);
}
