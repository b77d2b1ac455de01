import { UploadError } from '../contract/errors.js';
import { WORKFLOW_TYPE } from '../contract/names.js';
import { canBeQueried, quoteForQuery } from '../temporal/query.js';
import { STATE_QUERIES } from './states.js';

/** Selects uploads. An upload must match every field that is set. */
export interface UploadFilter {
  /** Name of the file. */
  readonly fileName?: string | undefined;
  /** ID of the file at Aplos. */
  readonly fileId?: string | undefined;
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
 * @throws {@link UploadError} `REQUEST_INVALID` if a query cannot contain the file name, the file ID, the batch or the error code, or another
 *   field is invalid
 */
export function queryFor({ fileName, fileId, batch, state, since, errorCode }: UploadFilter): string {
  const conditions = [`WorkflowType = '${WORKFLOW_TYPE}'`];
  if (fileName !== undefined) conditions.push(`AplosFileName = ${quoted('file name', fileName)}`);
  if (fileId !== undefined) conditions.push(`AplosFileId = ${quoted('file ID', fileId)}`);
  if (batch !== undefined) conditions.push(`AplosBatch = ${quoted('batch', batch)}`);
  if (state !== undefined) conditions.push(stateQuery(state));
  if (errorCode !== undefined) conditions.push(`AplosErrorCode = ${quoted('error code', errorCode)}`);
  if (since !== undefined) conditions.push(`(${STATE_QUERIES.running} OR CloseTime >= '${isoTime(since)}')`);
  return conditions.join(' AND ');
}

// Callers in JavaScript have no compiler, and TypeScript accepts an invalid Date.

function stateQuery(state: keyof typeof STATE_QUERIES): string {
  if (Object.hasOwn(STATE_QUERIES, state)) return STATE_QUERIES[state];
  throw invalidField('state', `must be one of ${Object.keys(STATE_QUERIES).join(', ')}`);
}

function isoTime(since: Date): string {
  if (since instanceof Date && !Number.isNaN(since.getTime())) return since.toISOString();
  throw invalidField('since', 'must be a valid Date');
}

const invalidField = (field: string, problem: string) =>
  new UploadError('REQUEST_INVALID', `The filter is not valid: ${field}: ${problem}`, {
    action: 'Correct the field.',
  });

function quoted(field: string, value: string): string {
  if (canBeQueried(value)) return quoteForQuery(value);
  throw new UploadError(
    'REQUEST_INVALID',
    `Temporal cannot search for the ${field} ${JSON.stringify(value)}, because it contains a quote, backslash or control character`,
    { action: 'Look up the uploads by their workflow ids.' },
  );
}
