import { UploadError } from '../contract/errors.js';
import type { FileRequest } from '../contract/steps.js';

/**
 * Checks that this worker serves the host that has the file: on another host, the same path is another file. The task queue
 * already ensures this, unless an older version of the workflow, which ignores hosts, scheduled the step.
 *
 * @param ownHost host that this worker serves; `undefined`: none
 * @param what what is on the host, for the message. Default: the file
 * @throws UploadError `HOST_MISMATCH`
 */
export function assertOnThisHost(
  { host, fileName }: Pick<FileRequest, 'host' | 'fileName'>,
  ownHost: string | undefined,
  what = `${fileName} is on`,
): void {
  if (host === undefined || host === ownHost) return;
  throw new UploadError(
    'HOST_MISMATCH',
    `${what} the host ${host}, but this worker serves ${ownHost === undefined ? 'no host' : `the host ${ownHost}`}`,
  );
}
