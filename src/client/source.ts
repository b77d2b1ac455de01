import type { Client } from '@temporalio/client';
import { decodeFromPayloadsAtIndex } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { UploadRequest } from '../contract/request.js';
import { shownSource } from '../contract/source.js';
import { isUnknownRun, uploadUnknown } from '../temporal/errors.js';
import { readFirstEvent } from '../temporal/run-events.js';
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
  client: Client,
  run: Pick<UploadSummary, 'workflowId' | 'runId'>,
): Promise<Partial<UploadRequest> | undefined> {
  const { workflowId } = run;
  const first = await readFirstEvent(client, run).catch((error: unknown) => {
    throw isUnknownRun(error) ? uploadUnknown(workflowId, error) : error;
  });
  const payloads = first?.workflowExecutionStartedEventAttributes?.input?.payloads;
  const { namespace, loadedDataConverter } = client.options;
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
