import { UploadError } from '../contract/errors.js';
import { WORKFLOW_TYPE } from '../contract/names.js';
import { canBeQueried, quoteForQuery } from '../temporal/query.js';

/** Which uploads. All that is given must fit. */
export interface UploadFilter {
  readonly batch?: string | undefined;
  /** `failed`: ended without a receipt, and nobody had cancelled or terminated it. */
  readonly state?: 'running' | 'failed' | undefined;
  /** Only those that ran at that time or later. */
  readonly since?: Date | undefined;
  /** Only those that ended with this code of the error table. */
  readonly errorCode?: string | undefined;
}

const inState = {
  running: "ExecutionStatus = 'Running'",
  failed: "ExecutionStatus IN ('Failed', 'TimedOut')",
} as const;

/**
 * The filter in Temporal's query language; the Temporal UI takes it too.
 *
 * @throws {@link UploadError} `REQUEST_INVALID` where the language cannot name the batch
 */
export function queryFor({ batch, state, since, errorCode }: UploadFilter): string {
  const conditions = [`WorkflowType = '${WORKFLOW_TYPE}'`];
  if (batch !== undefined) conditions.push(`AplosBatch = ${queryable('batch', batch)}`);
  if (state) conditions.push(inState[state]);
  if (errorCode !== undefined) conditions.push(`AplosErrorCode = ${queryable('error code', errorCode)}`);
  if (since) conditions.push(`(ExecutionStatus = 'Running' OR CloseTime >= '${since.toISOString()}')`);
  return conditions.join(' AND ');
}

function queryable(what: string, value: string): string {
  if (canBeQueried(value)) return quoteForQuery(value);
  throw new UploadError(
    'REQUEST_INVALID',
    `The ${what} ${JSON.stringify(value)} has a quote, backslash or control character in it, so Temporal cannot find it`,
    { action: 'Look its uploads up by their workflow ids.' },
  );
}
