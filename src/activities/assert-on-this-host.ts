import { UploadError } from '../contract/errors.js';
import type { FileRequest } from '../contract/steps.js';

/**
 * Checks that the file is one that this process may see: at the same path, another host has another file. The task queue
 * sees to that already, but a workflow that an older version decides knows of no host.
 *
 * @param own the host that this worker serves
 * @throws UploadError `HOST_MISMATCH`
 */
export function assertOnThisHost({ host, fileName }: FileRequest, own: string | undefined): void {
  if (host === undefined || host === own) return;
  throw new UploadError(
    'HOST_MISMATCH',
    `${fileName} is on the host ${host}, and this worker serves ${own === undefined ? 'no host' : `the host ${own}`}. The worker did not read it`,
  );
}
