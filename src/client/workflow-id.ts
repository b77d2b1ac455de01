import { createHash } from 'node:crypto';
import type { JsonValue } from '../contract/json.js';
import type { UploadRequest } from '../contract/request.js';

/**
 * The workflow id of a request: profile, file name, and a hash of content and executions. The same work has
 * the same id, whoever asks for it and from wherever; where the sender did not hash the content, its source
 * stands for it.
 */
export function workflowIdFor({ profile, fileName, source, expect, executions }: UploadRequest): string {
  const content = expect?.sha256 ?? source;
  const work = createHash('sha256')
    .update(canonical([content, executions]))
    .digest('hex');
  return `${profile}:${fileName}:${work.slice(0, 20)}`;
}

/** JSON with the keys of each object in order, so that equal values have equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, each: JsonValue) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
