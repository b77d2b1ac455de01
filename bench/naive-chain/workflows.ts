import { proxyActivities } from '@temporalio/workflow';
import type * as activities from './activities.js';

const { presign, upload, confirm, start } = proxyActivities<typeof activities>({
  startToCloseTimeout: '1 minute',
});

/** Uploads a file and starts an execution, as four activities. Returns the ID of the execution. */
export async function naiveChain(path: string): Promise<string> {
  const presigned = await presign(path);
  const status = await upload(path, presigned);
  await confirm(presigned.fileId, status);
  return start(presigned.fileId);
}
