import type { z } from 'zod';
import { UploadError } from '../../contract/errors.js';
import { endOf } from '../../contract/execution-status.js';
import type { ExecutionRecord, Subscription } from '../api.js';
import type { ApiCall } from '../connection.js';
import { asRefusalOfResults, resultsForbidden, resultsUnavailable } from '../results-refusals.js';
import { downloadSchema, packageSchema } from './schemas.js';

/** The calls that are needed to find the results of an execution. */
export interface ResultsCalls {
  readonly call: <Schema extends z.ZodType>(call: ApiCall<Schema>) => Promise<z.output<Schema>>;
  readonly execution: () => Promise<ExecutionRecord>;
  readonly subscription: () => Promise<Subscription>;
}

/**
 * Returns a presigned link to the results of an execution. It takes two calls: for the file with the results, and for the link
 * to it. If Aplos refuses one of them, the status of the execution and the subscription may say why.
 *
 * @throws {@link UploadError} see `AplosApi.resultsLink`
 */
export async function findResultsLink(
  executionId: string,
  { call, execution, subscription }: ResultsCalls,
): Promise<string> {
  const purpose = `get the results of execution ${executionId}`;
  const get = { purpose, method: 'GET', kind: 'file' } as const;
  try {
    const fileId = await call({
      ...get,
      path: `/executions/${encodeURIComponent(executionId)}/outputs/package`,
      response: packageSchema,
    });
    const path = `/files/${encodeURIComponent(fileId)}/download-url`;
    return await call({ ...get, path, response: downloadSchema });
  } catch (error) {
    if (!(error instanceof UploadError) || !error.callMayNotExist)
      throw asRefusalOfResults(error, executionId);
    if (error.code === 'API_FORBIDDEN' && (await subscription()).mayDownload === false)
      throw resultsForbidden(executionId, error.happened, error);
    if (error.code !== 'API_NOT_FOUND' && error.code !== 'API_FORBIDDEN') throw error;
    const record = await execution();
    throw error.code === 'API_FORBIDDEN' && endOf(record.status) === 'succeeded'
      ? error
      : resultsUnavailable(record);
  }
}
