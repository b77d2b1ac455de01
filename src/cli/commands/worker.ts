import type { LogLevel } from '@temporalio/worker';
import { loadSettings } from '../../settings/settings.js';
import { createUploadWorker } from '../../worker.js';

/** `aplos-upload worker` */
export async function worker({ logLevel }: { logLevel: string }): Promise<void> {
  const own = await createUploadWorker(loadSettings(), logLevel.toUpperCase() as LogLevel);
  await own.run();
}
