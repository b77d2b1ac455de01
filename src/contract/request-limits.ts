import { NAME_LIMITS } from './batches.js';
import { MAX_COMPLETION_TIMEOUT_SECONDS } from './extension.js';

/**
 * Maximum sizes in a request. Temporal rejects payloads over 2 MiB and messages over 4 MiB. A history stores the request twice, and
 * each execution once more.
 */
export const REQUEST_LIMITS = {
  /** Bytes of the request as JSON in UTF-8. */
  bytes: 1024 * 1024,
  /** Levels of nested objects and arrays, including the request itself. */
  depth: 64,
  executions: 100,
  /** UTF-16 code units, like all limits below. */
  source: 4096,
  fileName: 255,
  /** Maximum length of a DNS name. */
  host: 253,
  /** Profile and file name are part of the workflow id, which Temporal limits to 1,000 bytes. */
  profile: 64,
  label: 100,
  again: 200,
  ...NAME_LIMITS,
  otherBatches: 100,
  runId: 100,
  completionTimeoutSeconds: MAX_COMPLETION_TIMEOUT_SECONDS,
} as const;
