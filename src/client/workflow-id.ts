import { createHash } from 'node:crypto';
import { canonicalJson } from '../contract/json.js';
import type { UploadRequest } from '../contract/request.js';
import { sourceIdentity } from '../contract/source.js';

/**
 * Returns the workflow id of a request: profile, file name, and a hash of both with the content and the executions. The same
 * work has the same id, regardless of who requests it and where the file is. If the request has no SHA-256, the source
 * identifies the content: without the signature of a presigned URL, and with the host if the request names one.
 */
export function workflowIdFor({
  profile,
  fileName,
  source,
  host,
  expect,
  executions,
}: UploadRequest): string {
  const content = expect?.sha256 ?? `${host === undefined ? '' : `${host}:`}${sourceIdentity(source)}`;
  const work = createHash('sha256')
    .update(canonicalJson([profile, fileName, content, executions]))
    .digest('hex');
  return `${profile}:${fileName}:${work.slice(0, 20)}`;
}
