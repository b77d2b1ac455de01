import type { Client } from '@temporalio/client';
import { decodeFromPayloadsAtIndex } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { UploadRequest } from '../contract/request.js';
import { shownSource } from '../contract/source.js';
import { isUnknownRun, uploadUnknown } from '../temporal/errors.js';
import { isUnreadable } from '../temporal/unreadable.js';
import type { UploadSummary } from './summary.js';

/**
 * Returns the source in the request of an upload, without the signature of a presigned URL.
 *
 * @throws {@link UploadError} `UPLOAD_UNKNOWN` if Temporal does not have the run
 * @returns `undefined` if the request cannot be read, for example because this process lacks its key
 */
export async function readSource(
  client: Client,
  upload: Pick<UploadSummary, 'workflowId' | 'runId'>,
): Promise<string | undefined> {
  const request = await readRequest(client, upload);
  return typeof request?.source === 'string' ? shownSource(request.source) : undefined;
}

/**
 * Returns the request of an upload, unchecked.
 *
 * @throws {@link UploadError} `UPLOAD_UNKNOWN` if Temporal does not have the run
 * @returns `undefined` if the request cannot be read, for example because this process lacks its key
 */
export async function readRequest(
  { options: { namespace, loadedDataConverter }, workflowService }: Client,
  { workflowId, runId }: Pick<UploadSummary, 'workflowId' | 'runId'>,
): Promise<Partial<UploadRequest> | undefined> {
  const { history } = await workflowService
    .getWorkflowExecutionHistory({ namespace, execution: { workflowId, runId }, maximumPageSize: 1 })
    .catch((error: unknown) => {
      throw isUnknownRun(error) ? uploadUnknown(workflowId, error) : error;
    });
  const payloads = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads;
  try {
    const context = { type: 'workflow', namespace, workflowId } as const;
    return await decodeFromPayloadsAtIndex<Partial<UploadRequest> | undefined>(
      loadedDataConverter,
      0,
      payloads,
      context,
    );
  } catch (error) {
    if (isUnreadable(error)) return undefined;
    throw error;
  }
}
