import { createHash } from 'node:crypto';
import { canonicalJson } from '../contract/json.js';
import type { UploadRequest } from '../contract/request.js';
import { sourceIdentity } from '../contract/source.js';

/**
 * The workflow id of a request: profile, file name, and a hash of both with content and executions. The same
 * work has the same id, whoever asks for it and from wherever, on whichever host the file is; where the sender did not hash
 * the content, its source stands for it, whoever presigned it: of a path on one host, the host too.
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
