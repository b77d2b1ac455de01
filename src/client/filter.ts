import { UploadError } from '../contract/errors.js';
import { WORKFLOW_TYPE } from '../contract/names.js';
import { canBeQueried, quoteForQuery } from '../temporal/query.js';
import { STATE_QUERIES } from './states.js';

/** Selects uploads. An upload must match every field that is set. */
export interface UploadFilter {
  /** Batch name in the request. */
  readonly batch?: string | undefined;
  /** `failed` selects uploads that ended without a receipt, unless they were cancelled or terminated. */
  readonly state?: 'running' | 'failed' | undefined;
  /** Selects uploads that were running at this time or later. */
  readonly since?: Date | undefined;
  /** Selects uploads with this code of the error table. */
  readonly errorCode?: string | undefined;
}

/**
 * Converts a filter to Temporal's query language, which the Temporal UI accepts too.
 *
 * @throws {@link UploadError} `REQUEST_INVALID` if a query cannot contain the batch or the error code
 */
export function queryFor({ batch, state, since, errorCode }: UploadFilter): string {
  const conditions = [`WorkflowType = '${WORKFLOW_TYPE}'`];
  if (batch !== undefined) conditions.push(`AplosBatch = ${quoted('batch', batch)}`);
  if (state) conditions.push(STATE_QUERIES[state]);
  if (errorCode !== undefined) conditions.push(`AplosErrorCode = ${quoted('error code', errorCode)}`);
  if (since) conditions.push(`(${STATE_QUERIES.running} OR CloseTime >= '${since.toISOString()}')`);
  return conditions.join(' AND ');
}

function quoted(field: string, value: string): string {
  if (canBeQueried(value)) return quoteForQuery(value);
  throw new UploadError(
    'REQUEST_INVALID',
    `Temporal cannot search for the ${field} ${JSON.stringify(value)}, because it contains a quote, backslash or control character`,
    { action: 'Look up the uploads by their workflow ids.' },
  );
}
