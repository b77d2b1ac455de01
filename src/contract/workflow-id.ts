import { createHash } from 'node:crypto';
import { canonicalJson } from './json.js';
import type { UploadRequest } from './request.js';
import { sourceIdentity } from './source.js';

/** Characters that Temporal's query language cannot name. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are among them
const NOT_QUERYABLE = /["\\\u0000-\u001f]/g;

/** Matches a workflow id that is derived from a request. Its group is what ends the prefix of the content. */
const DERIVED = /(:[0-9a-f]{12}-)[0-9a-f]{12}$/;

/** Reports whether a workflow id is derived from another request than this. An id that somebody chose may have any request. */
export const belongsToOtherWork = (workflowId: string, request: UploadRequest): boolean =>
  DERIVED.test(workflowId) && workflowId !== workflowIdFor(request);

/** Returns what the workflow ids of uploads of the same content begin with. Ids that others chose stand for themselves. */
export const contentPrefixOf = (workflowId: string): string => workflowId.replace(DERIVED, '$1');

/**
 * Returns the workflow id of a request: profile, file name, a hash of the content, and a hash of the executions. The same
 * work has the same id, regardless of who requests it and where the file is. Uploads of the same content under the same name
 * differ only in the last hash. If the request has no SHA-256, the source identifies the content: without the signature of a
 * presigned URL, and with the host if the request names one.
 */
export function workflowIdFor(request: UploadRequest): string {
  return `${contentPrefixFor(request)}${hashOf(request.executions)}`;
}

/** Returns what the workflow ids of all uploads of the same content under the same name begin with, whatever their executions. */
export function contentPrefixFor({
  profile,
  fileName,
  source,
  host,
  expect,
}: Omit<UploadRequest, 'executions'>): string {
  const content = expect?.sha256 ?? `${host === undefined ? '' : `${host}:`}${sourceIdentity(source)}`;
  const shownName = fileName.replace(NOT_QUERYABLE, '_');
  return `${profile}:${shownName}:${hashOf([profile, fileName, content])}-`;
}

const hashOf = (value: unknown): string =>
  createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 12);
